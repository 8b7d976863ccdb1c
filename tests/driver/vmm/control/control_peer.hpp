// SPDX-License-Identifier: LGPL-2.1-or-later
// A control socket of a test's own, and virtsevd's end of it.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "driver/control/channel.hpp"
#include "driver/control/codec.hpp"

namespace virtsev::vmm::test {

/// An abstract socket of this process alone.
inline sockaddr_un control_address(socklen_t& length) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  const std::string name = "virtsev-control-test-" + std::to_string(::getpid());
  name.copy(out.sun_path + 1, sizeof(out.sun_path) - 1);
  length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return out;
}

inline UniqueFd control_listener() {
  UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  socklen_t length = 0;
  const sockaddr_un at = control_address(length);
  EXPECT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&at), length), 0);
  EXPECT_EQ(::listen(listener.get(), 4), 0);
  return listener;
}

/// virtsevd's end of a control socket.
class ControlPeer {
 public:
  ControlPeer() : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    socklen_t length = 0;
    const sockaddr_un to = control_address(length);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), length) != 0) {
      throw std::runtime_error("connect");
    }
  }
  void send(const control::Request& request, std::uint32_t serial) {
    send_bytes(control::encode(request, serial).bytes);
  }
  void send_bytes(const Bytes& bytes) {
    ASSERT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  /// The next frame; nothing when the server closes the connection.
  std::optional<control::Frame> next() {
    while (true) {
      auto frame = reader_.next();
      if (frame && *frame) {
        return std::move(**frame);
      }
      Bytes buffer(4096);
      const ssize_t length = ::read(socket_.get(), buffer.data(), buffer.size());
      if (length <= 0 || !reader_.feed(ByteView(buffer).first(static_cast<std::size_t>(length)), {})) {
        return std::nullopt;
      }
    }
  }
  std::optional<control::Reply> reply() {
    const auto frame = next();
    return frame ? std::optional(control::decode_reply(*frame).value()) : std::nullopt;
  }
  void hello() {
    send(control::Hello{}, 1);
    ASSERT_TRUE(std::holds_alternative<control::HelloReply>(reply().value()));
  }

 private:
  UniqueFd socket_;
  control::FrameReader reader_;
};

}  // namespace virtsev::vmm::test
