// SPDX-License-Identifier: LGPL-2.1-or-later
// What fuzzers of virtsevd's sockets share.
#pragma once

#include <array>
#include <cstdint>

#include <asio/io_context.hpp>
#include <sys/socket.h>

namespace virtsev {

/// Until nothing more happens by itself; what comes out of `socket` is thrown away.
inline void settle(asio::io_context& io, int socket) {
  std::array<std::uint8_t, 65536> answers;
  bool busy = true;
  while (busy) {
    io.restart();
    busy = io.poll() > 0;
    busy = ::recv(socket, answers.data(), answers.size(), MSG_DONTWAIT) > 0 || busy;
  }
}

}  // namespace virtsev
