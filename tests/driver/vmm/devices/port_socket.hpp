// SPDX-License-Identifier: LGPL-2.1-or-later
// A socket that a port of the guest's listens at, for tests: in no directory (unix(7), abstract).
#pragma once

#include <cstring>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm::test {

class PortSocket {
 public:
  PortSocket() : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    address_.sun_family = AF_UNIX;
    // The kernel chooses a name where there is none.
    (void)::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof(sa_family_t));
    (void)::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address_), &size_);
    (void)::listen(listener_.get(), 1);
  }
  [[nodiscard]] int listener() const { return listener_.get(); }
  [[nodiscard]] UniqueFd connect() const {
    UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address_), size_) != 0) {
      client.reset();
    }
    return client;
  }

 private:
  UniqueFd listener_;
  sockaddr_un address_{};
  socklen_t size_ = sizeof address_;
};

/// Waits for something to read: what goes through a pty takes a thread of the kernel's.
inline void await_input(int fd) {
  pollfd ready{fd, POLLIN, 0};
  (void)::poll(&ready, 1, -1);
}

/// What has come, at most 64 KiB.
inline std::string received(const UniqueFd& client) {
  std::string into(1U << 16, 0);
  const ssize_t got = ::recv(client.get(), into.data(), into.size(), MSG_DONTWAIT);
  into.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return into;
}

}  // namespace virtsev::vmm::test
