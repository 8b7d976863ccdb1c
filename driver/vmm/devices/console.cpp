// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/console.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::vmm {
namespace {

/// How much the pty took.
std::size_t send(int master, ByteView output) {
  const ssize_t sent = uninterrupted([&] { return ::write(master, output.data(), output.size()); });
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

}  // namespace

// Locks are taken in one order, the port's before the console's, because the port calls write() with its own
// held. So the console calls the port without a lock.

Console::Console(int master, std::optional<ConsoleLog> log, Watch watch)
    : master_(master), log_(log), watch_(std::move(watch)) {
  if (master_ >= 0) {
    const int flags = ::fcntl(master_, F_GETFL);
    if (flags >= 0 && (flags & O_NONBLOCK) == 0) {
      ::fcntl(master_, F_SETFL, flags | O_NONBLOCK);
    }
  }
}

void Console::connect(SerialPort& port) { port_ = &port; }

void Console::write(ByteView output) {
  if (output.empty()) {
    return;
  }
  has_spoken_ = true;
  const std::lock_guard lock(mutex_);
  if (log_) {
    log_->write(output);
  }
  if (master_ < 0) {
    return;
  }
  if (backlog_length_ == 0) {
    output = output.subspan(send(master_, output));
  }
  if (!output.empty()) {
    keep(output);
    set_interest({interest_.readable, true});
  }
}

void Console::on_writable() {
  const std::lock_guard lock(mutex_);
  flush();
  set_interest({interest_.readable, backlog_length_ > 0});
}

void Console::on_readable() {
  const std::size_t room = port_ == nullptr ? 0 : port_->room();
  if (room == 0) {
    {
      const std::lock_guard lock(mutex_);
      set_interest({false, interest_.writable});
    }
    if (port_ != nullptr &&
        port_->room() > 0) {  // the guest has read in between, and room_again() came too early
      room_again();
    }
    return;
  }
  std::array<std::uint8_t, SerialPort::kInputCapacity> buffer{};
  const ssize_t got =
      uninterrupted([&] { return ::read(master_, buffer.data(), std::min(room, buffer.size())); });
  if (got > 0) {
    port_->receive(ByteView(buffer).first(static_cast<std::size_t>(got)));
  } else if (got == 0 || errno != EAGAIN) {
    const std::lock_guard lock(mutex_);  // the pty is gone: don't be woken for ever
    set_interest({false, interest_.writable});
  }
}

void Console::room_again() {
  const std::lock_guard lock(mutex_);
  set_interest({true, interest_.writable});
}

void Console::flush() {
  while (backlog_length_ > 0) {
    const std::size_t run = std::min(backlog_length_, kBacklog - backlog_start_);
    const std::size_t sent = send(master_, ByteView(backlog_).subspan(backlog_start_, run));
    backlog_start_ = (backlog_start_ + sent) % kBacklog;
    backlog_length_ -= sent;
    if (sent < run) {
      return;
    }
  }
}

void Console::keep(ByteView output) {
  backlog_.resize(kBacklog);
  output = output.last(std::min(output.size(), kBacklog));
  const std::size_t too_much =
      backlog_length_ + output.size() - std::min(kBacklog, backlog_length_ + output.size());
  backlog_start_ = (backlog_start_ + too_much) % kBacklog;
  backlog_length_ -= too_much;
  for (const std::uint8_t byte : output) {
    backlog_[(backlog_start_ + backlog_length_) % kBacklog] = byte;
    ++backlog_length_;
  }
}

void Console::set_interest(Interest interest) {
  if (interest != interest_) {
    interest_ = interest;
    if (watch_) {
      watch_(interest);
    }
  }
}

}  // namespace virtsev::vmm
