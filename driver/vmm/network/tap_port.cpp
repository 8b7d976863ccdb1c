// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/network/tap_port.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::vmm {

TapPort::TapPort(int fd) : fd_(fd), frame_(kFrameHeaderSize + kMostFrameBytes) {
  const int flags = ::fcntl(fd_, F_GETFL);
  if (flags < 0 || ::fcntl(fd_, F_SETFL, flags | O_NONBLOCK) != 0) {
    throw std::system_error(errno, std::generic_category(), "fcntl");
  }
}

void TapPort::set_offloads(const Offloads& offloads) {
  unsigned flags = 0;
  if (offloads.checksum) {  // The others stand on it (virtio 1.2, 5.1.3.1)
    flags = TUN_F_CSUM | (offloads.tso4 ? TUN_F_TSO4 : 0) | (offloads.tso6 ? TUN_F_TSO6 : 0);
  }
  // A host that refuses does the work itself.
  (void)::ioctl(fd_, TUNSETOFFLOAD, flags);
}

void TapPort::attach(bool attached) {
  if (attached != attached_) {
    ifreq request{};
    request.ifr_flags = attached ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE;
    (void)::ioctl(fd_, TUNSETQUEUE, &request);  // Where it fails, a read says that it is not attached
    attached_ = attached;
  }
}

void TapPort::open(EventLoop& loop, Events events) {
  events_ = std::move(events);
  watch_.open(loop, fd_, [this](std::uint32_t what) {
    if ((what & EPOLLERR) != 0) {
      events_.broken(text("the tap device is gone"));
      return;
    }
    if ((what & EPOLLOUT) != 0) {
      events_.writable();
    }
    if ((what & EPOLLIN) != 0) {
      events_.readable();
    }
  });
}

void TapPort::want_frames(bool wanted) { watch_.want(EPOLLIN, wanted); }

void TapPort::want_room(bool wanted) { watch_.want(EPOLLOUT, wanted); }

Result<ByteView, NetworkPort::NoFrame> TapPort::receive() {
  const ssize_t got = uninterrupted([&] { return ::read(fd_, frame_.data(), frame_.size()); });
  if (got >= static_cast<ssize_t>(kFrameHeaderSize)) {
    return ByteView(frame_).first(static_cast<std::size_t>(got));
  }
  if (got < 0 && errno == EAGAIN) {
    return unexpected(NoFrame::kNow);
  }
  why_broken_ =
      got < 0 ? text("reading the tap device failed: {}", static_cast<const char*>(std::strerror(errno)))
              : text("the tap device gives frames without their header");
  return unexpected(NoFrame::kBroken);
}

NetworkPort::Sent TapPort::send(std::span<const iovec> pieces) {
  const ssize_t put =
      uninterrupted([&] { return ::writev(fd_, pieces.data(), static_cast<int>(pieces.size())); });
  if (put >= 0) {
    return Sent::kYes;
  }
  if (errno == EAGAIN) {
    return Sent::kLater;
  }
  if (errno == EBADFD) {
    why_broken_ = text("the tap device is gone");
    return Sent::kBroken;
  }
  // The interface is down (EIO), the header makes no sense (EINVAL), there is no memory.
  return Sent::kNo;
}

}  // namespace virtsev::vmm
