// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/host_end.hpp"

#include <cerrno>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::vmm {

void HostEnd::open(EventLoop& loop, Events events) {
  loop_ = &loop;
  events_ = std::move(events);
  is_open_ = true;
  wanted_ = 0;
  if (is_terminal()) {
    hung_up_ = false;
    watching_ = loop.watch(given_.terminal, 0, [this](std::uint32_t what) { on_events(what); });
  } else if (given_.listener >= 0) {
    listen();
  }
}

void HostEnd::close() {
  is_open_ = false;
  listening_ = {};
  watching_ = {};
  client_.reset();
}

void HostEnd::listen() {
  listening_ = loop_->watch(given_.listener, EPOLLIN, [this](std::uint32_t) { accept(); });
}

void HostEnd::accept() {
  client_ = UniqueFd(uninterrupted(
      [this] { return ::accept4(given_.listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK); }));
  if (!client_) {
    // One that left again, or no descriptor to spare: an edge is enough, or this would not end.
    listening_.change(EPOLLIN | EPOLLET);
    return;
  }
  listening_ = {};
  wanted_ = 0;
  watching_ = loop_->watch(client_.get(), 0, [this](std::uint32_t what) { on_events(what); });
  events_.connected();
}

void HostEnd::disconnect() {
  watching_ = {};
  client_.reset();
  listen();
  events_.connected();
}

void HostEnd::want_input(bool wanted) { want(EPOLLIN, wanted); }

void HostEnd::want_room(bool wanted) { want(EPOLLOUT, wanted); }

void HostEnd::want(std::uint32_t event, bool wanted) {
  const std::uint32_t now = wanted ? wanted_ | event : wanted_ & ~event;
  if (now != wanted_ && is_connected()) {
    wanted_ = now;
    apply();
  }
}

// What is hung up is reported at each wait, whatever is asked for: a terminal is watched for changes alone
// then, until somebody opens it again.
void HostEnd::apply() { watching_.change(wanted_ | (hung_up_ ? std::uint32_t{EPOLLET} : 0U)); }

void HostEnd::on_events(std::uint32_t events) {
  const bool hung_up = (events & (EPOLLHUP | EPOLLERR)) != 0;
  if (is_terminal()) {
    if (hung_up != hung_up_) {
      hung_up_ = hung_up;
      apply();
    }
    if (hung_up) {
      return;
    }
  } else if (hung_up && (events & wanted_ & EPOLLIN) == 0) {
    disconnect();
    return;
  }
  if ((events & wanted_ & EPOLLOUT) != 0) {
    events_.writable();
  }
  if ((events & wanted_ & EPOLLIN) != 0) {
    events_.readable();  // What came before the end is read, and then the end
  }
}

std::size_t HostEnd::moved(ssize_t result) {
  if (result > 0) {
    return static_cast<std::size_t>(result);
  }
  if (result < 0 && errno == EAGAIN) {
    return 0;
  }
  if (!is_terminal()) {
    disconnect();
  }
  return 0;
}

std::size_t HostEnd::read(std::span<const iovec> pieces) {
  const int from = peer();
  if (from < 0) {
    return 0;
  }
  return moved(uninterrupted([&] { return ::readv(from, pieces.data(), static_cast<int>(pieces.size())); }));
}

std::size_t HostEnd::write(std::span<const iovec> pieces) {
  const int to = peer();
  if (to < 0 || pieces.empty()) {
    return 0;
  }
  // writev, as sendmsg would let a thread that was taken over send descriptors: so SIGPIPE is ignored.
  return moved(uninterrupted([&] { return ::writev(to, pieces.data(), static_cast<int>(pieces.size())); }));
}

}  // namespace virtsev::vmm
