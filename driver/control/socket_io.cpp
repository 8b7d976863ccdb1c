// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames out of and into a socket, without blocking.
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>

#include "driver/control/channel.hpp"
#include "driver/control/messages.hpp"
#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::control {
namespace {

constexpr std::size_t kReadBytes = 64U << 10;
constexpr std::size_t kMaxWaitingBytes = 4U << 20;
constexpr std::size_t kControlBytes = CMSG_SPACE(sizeof(int) * kMaxDescriptors);

/// Takes ownership of all descriptors of a received message, so that none leaks whatever else is wrong with
/// it.
std::vector<UniqueFd> take_descriptors(msghdr& message) {
  std::vector<UniqueFd> taken;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      taken.emplace_back(descriptor);
    }
  }
  return taken;
}

bool must_wait(int error_number) { return error_number == EAGAIN || error_number == EWOULDBLOCK; }

}  // namespace

Result<bool, ChannelError> receive(int socket, FrameReader& reader) {
  Bytes buffer(kReadBytes);
  alignas(cmsghdr) std::array<char, kControlBytes> control{};
  iovec data{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got =
      uninterrupted([&] { return ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC); });
  if (got < 0) {
    if (must_wait(errno)) {
      return false;
    }
    return unexpected(errno == ECONNRESET ? ChannelError::kClosed : ChannelError::kFailed);
  }
  std::vector<UniqueFd> descriptors = take_descriptors(message);
  if (got == 0) {
    return unexpected(ChannelError::kClosed);
  }
  if ((message.msg_flags & MSG_CTRUNC) != 0) {
    return unexpected(ChannelError::kTooManyDescriptors);
  }
  return reader.feed(ByteView(buffer).first(static_cast<std::size_t>(got)), std::move(descriptors)).map([] {
    return true;
  });
}

Result<void, ChannelError> FrameWriter::push(OutgoingFrame frame) {
  if (waiting_bytes_ + frame.bytes.size() > kMaxWaitingBytes) {
    return unexpected(ChannelError::kTooSlow);
  }
  Pending pending;
  for (const int descriptor : frame.descriptors) {
    UniqueFd copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
    if (!copy) {
      return unexpected(ChannelError::kFailed);
    }
    pending.descriptors.push_back(std::move(copy));
  }
  waiting_bytes_ += frame.bytes.size();
  pending.bytes = std::move(frame.bytes);
  frames_.push_back(std::move(pending));
  return {};
}

Result<bool, ChannelError> FrameWriter::flush(int socket) {
  while (!frames_.empty()) {
    Pending& frame = frames_.front();
    iovec data{frame.bytes.data() + frame.sent, frame.bytes.size() - frame.sent};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, kControlBytes> control{};
    const std::size_t count = frame.descriptors.size();
    if (frame.sent == 0 && count > 0) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
      cmsghdr* part = CMSG_FIRSTHDR(&message);
      part->cmsg_level = SOL_SOCKET;
      part->cmsg_type = SCM_RIGHTS;
      part->cmsg_len = CMSG_LEN(sizeof(int) * count);
      for (std::size_t i = 0; i < count; ++i) {
        const int descriptor = frame.descriptors[i].get();
        std::memcpy(CMSG_DATA(part) + i * sizeof(int), &descriptor, sizeof(int));
      }
    }
    const ssize_t sent =
        uninterrupted([&] { return ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL); });
    if (sent < 0) {
      if (must_wait(errno)) {
        return false;
      }
      return unexpected(errno == EPIPE || errno == ECONNRESET ? ChannelError::kClosed
                                                              : ChannelError::kFailed);
    }
    frame.sent += static_cast<std::size_t>(sent);
    waiting_bytes_ -= static_cast<std::size_t>(sent);
    if (frame.sent == frame.bytes.size()) {
      frames_.pop_front();
    }
  }
  return true;
}

}  // namespace virtsev::control
