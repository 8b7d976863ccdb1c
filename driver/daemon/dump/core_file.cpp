// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dump/core_file.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>
#include <unistd.h>

#include "driver/daemon/files/new_file.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::daemon {

void write_core_file(const std::string& path, std::uint64_t size, UniqueFd peer,
                     const UnfinishedFiles& unfinished) {
  NewFile file(path, size, unfinished);
  file.reserve();
  constexpr std::uint8_t kOpened = 1;
  // Where nobody is there any more, the next call finds that out.
  [[maybe_unused]] const ssize_t told = ::send(peer.get(), &kOpened, sizeof kOpened, MSG_NOSIGNAL);
  constexpr std::size_t kPieceBytes = 1U << 20;
  Bytes buffer(kPieceBytes);
  for (std::uint64_t left = size; left > 0;) {
    const ssize_t got = uninterrupted(
        [&] { return ::read(peer.get(), buffer.data(), std::min<std::uint64_t>(left, buffer.size())); });
    if (got <= 0) {
      throw Error(ErrorCode::kOperationAborted, text("the dump to '{}' was given up", path));
    }
    file.write({buffer.data(), static_cast<std::size_t>(got)});
    left -= static_cast<std::uint64_t>(got);
  }
  file.finish();
}

}  // namespace virtsev::daemon
