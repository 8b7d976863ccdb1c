// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/network/stream_port.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "driver/vmm/memory/pieces.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::vmm {

StreamPort::StreamPort(int socket) : socket_(socket), in_(kHeadroom + kLengthSize + kMostFrameBytes) {
  out_.reserve(kLengthSize + kMostFrameBytes);
}

void StreamPort::open(EventLoop& loop, Events events) {
  events_ = std::move(events);
  room_wanted_ = false;
  watch_.open(loop, socket_, [this](std::uint32_t what) { on_events(what); });
  watch_.want(EPOLLOUT, sent_ < out_.size());
}

void StreamPort::close() { watch_.close(); }

void StreamPort::on_events(std::uint32_t events) {
  if ((events & EPOLLERR) != 0) {
    events_.broken(text("its other end has closed the connection"));
    return;
  }
  if ((events & EPOLLOUT) != 0) {
    if (!flush()) {
      watch_.close();
      events_.broken(why_broken_);
      return;
    }
    if (room_wanted_ && out_.empty()) {
      events_.writable();
    }
  }
  if ((events & EPOLLIN) != 0) {
    events_.readable();
  }
}

void StreamPort::want_frames(bool wanted) { watch_.want(EPOLLIN, wanted); }

void StreamPort::want_room(bool wanted) {
  room_wanted_ = wanted;
  watch_.want(EPOLLOUT, wanted || !out_.empty());
}

NetworkPort::Sent StreamPort::broken(const char* doing) {
  why_broken_ = text("{} the connection failed: {}", doing, static_cast<const char*>(std::strerror(errno)));
  return Sent::kBroken;
}

// From the host.

std::size_t StreamPort::length_at_start() const {
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLengthSize; ++i) {
    length = length << 8 | in_[start_ + i];
  }
  return length;
}

/// Reads once what there is room for; false: nothing came, and errno says why, 0 for the end.
bool StreamPort::fill() {
  std::copy(in_.begin() + static_cast<std::ptrdiff_t>(start_),
            in_.begin() + static_cast<std::ptrdiff_t>(end_), in_.begin() + kHeadroom);
  end_ = kHeadroom + (end_ - start_);
  start_ = kHeadroom;
  const ssize_t got =
      uninterrupted([&] { return ::recv(socket_, in_.data() + end_, in_.size() - end_, MSG_DONTWAIT); });
  if (got > 0) {
    end_ += static_cast<std::size_t>(got);
    return true;
  }
  errno = got == 0 ? 0 : errno;
  return false;
}

Result<ByteView, NetworkPort::NoFrame> StreamPort::receive() {
  for (;;) {
    if (end_ - start_ >= kLengthSize) {
      const std::size_t length = length_at_start();
      if (length > kMostFrameBytes) {
        why_broken_ =
            text("its other end sent a frame of {} bytes; there can be at most {}", length, kMostFrameBytes);
        return unexpected(NoFrame::kBroken);
      }
      if (end_ - start_ >= kLengthSize + length) {
        const MutableBytes frame = MutableBytes(in_).subspan(start_ - kHeadroom, kFrameHeaderSize + length);
        std::fill_n(frame.begin(), kFrameHeaderSize, 0);
        start_ += kLengthSize + length;
        return frame;
      }
    }
    if (!fill()) {
      if (errno == EAGAIN) {
        return unexpected(NoFrame::kNow);
      }
      if (errno == 0) {
        why_broken_ = text("its other end has closed the connection");
      } else {
        broken("reading");
      }
      return unexpected(NoFrame::kBroken);
    }
  }
}

// To the host.

/// Sends what is left of a frame; false: it never will.
bool StreamPort::flush() {
  while (sent_ < out_.size()) {
    const ssize_t put = uninterrupted([&] {
      return ::send(socket_, out_.data() + sent_, out_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    });
    if (put < 0 && errno == EAGAIN) {
      return true;
    }
    if (put < 0) {
      broken("writing to");
      return false;
    }
    sent_ += static_cast<std::size_t>(put);
  }
  out_.clear();
  sent_ = 0;
  watch_.want(EPOLLOUT, room_wanted_);
  return true;
}

NetworkPort::Sent StreamPort::send(std::span<const iovec> pieces) {
  if (!flush()) {
    return Sent::kBroken;
  }
  if (!out_.empty()) {
    return Sent::kLater;
  }
  // The socket may take a part, and the rest must be there when it takes more.
  const std::size_t length = size_of(pieces) - kFrameHeaderSize;
  out_.resize(kLengthSize + length);
  for (std::size_t i = 0; i < kLengthSize; ++i) {
    out_[i] = static_cast<std::uint8_t>(length >> (8 * (kLengthSize - 1 - i)));
  }
  copy_out(pieces, kFrameHeaderSize, MutableBytes(out_).subspan(kLengthSize));
  if (!flush()) {
    return Sent::kBroken;
  }
  watch_.want(EPOLLOUT, room_wanted_ || !out_.empty());
  return Sent::kYes;
}

}  // namespace virtsev::vmm
