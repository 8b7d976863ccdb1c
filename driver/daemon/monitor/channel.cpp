// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/monitor/channel.hpp"

#include <utility>

#include "driver/control/codec.hpp"
#include "driver/daemon/loop/latch.hpp"
#include "driver/daemon/monitor/peer_text.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

struct MonitorChannel::Waiting {
  explicit Waiting(const asio::any_io_executor& executor) : answered(executor) {}
  Latch answered;
  std::optional<control::Reply> reply;  // None: the channel broke
  std::string why;
};

MonitorChannel::MonitorChannel(const asio::any_io_executor& executor, UniqueFd socket)
    : executor_(executor), socket_(executor, socket.release()) {}

MonitorChannel::~MonitorChannel() = default;

void MonitorChannel::open(EventSink on_event, BrokenSink on_broken) {
  on_event_ = std::move(on_event);
  on_broken_ = std::move(on_broken);
  wait_readable();
}

void MonitorChannel::wait_readable() {
  socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const std::error_code& error) {
                       if (!error && self->open_ && self->read_once()) {
                         self->wait_readable();
                       }
                     });
}

void MonitorChannel::wait_writable() {
  writing_ = true;
  socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                     [self = shared_from_this()](const std::error_code& error) {
                       self->writing_ = false;
                       if (error || !self->open_) {
                         return;
                       }
                       const auto sent = self->writer_.flush(self->socket_.native_handle());
                       if (!sent) {
                         self->break_off(text("the control connection failed"), false);
                       } else if (!*sent) {
                         self->wait_writable();
                       }
                     });
}

// False where there is nothing more to wait for.
bool MonitorChannel::read_once() {
  const auto received = control::receive(socket_.native_handle(), reader_);
  if (!received) {
    const bool closed = received.error() == control::ChannelError::kClosed;
    break_off(closed ? text("the monitor closed the control connection")
                     : text("the monitor sent what is no message"),
              !closed);
    return false;
  }
  while (open_) {
    const auto frame = reader_.next();
    if (!frame) {
      break_off(text("the monitor sent what is no message"), true);
    } else if (*frame) {
      take(**frame);
    } else {
      return true;
    }
  }
  return false;
}

void MonitorChannel::take(const control::Frame& frame) {
  if (frame.kind == control::FrameKind::kEvent) {
    const auto event = control::decode_event(frame);
    if (event) {
      on_event_(*event);
    } else if (event.error() == control::DecodeError::kMalformed) {
      break_off(text("the monitor sent a malformed event"), true);
    }
    return;
  }
  const auto found = waiting_.find(frame.serial);
  auto reply = control::decode_reply(frame);
  if (found == waiting_.end() || !reply) {
    break_off(text("the monitor sent an answer that nobody asked for, or a malformed one"), true);
    return;
  }
  found->second->reply = std::move(*reply);
  found->second->answered.fire();
  waiting_.erase(found);
}

void MonitorChannel::drain() {
  while (open_) {
    const auto received = control::receive(socket_.native_handle(), reader_);
    if (!received || !*received) {
      break;
    }
    for (auto frame = reader_.next(); open_ && frame && *frame; frame = reader_.next()) {
      take(**frame);
    }
  }
}

void MonitorChannel::close(const std::string& why) {
  if (closed_) {
    return;
  }
  open_ = false;
  closed_ = true;
  std::error_code ignored;
  socket_.close(ignored);
  for (auto& [serial, waiting] : std::exchange(waiting_, {})) {
    waiting->why = why;
    waiting->answered.fire();
  }
}

void MonitorChannel::break_off(const std::string& why, bool faulty) {
  if (open_) {
    open_ = false;
    on_broken_(why, faulty);
  }
}

asio::awaitable<control::Reply> MonitorChannel::request(control::Request request,
                                                        std::chrono::milliseconds limit) {
  const auto self = shared_from_this();
  if (!open_) {
    throw Error(ErrorCode::kInternal, text("the domain's monitor is not connected"));
  }
  const std::uint32_t serial = next_serial_++;
  const auto waiting = std::make_shared<Waiting>(executor_);
  waiting_.emplace(serial, waiting);
  if (!writer_.push(control::encode(request, serial))) {
    break_off(text("the monitor does not read what it is sent"), true);
  } else if (!writing_) {
    wait_writable();
  }
  const bool answered = co_await waiting->answered.wait_for(limit);
  if (!answered) {
    const std::string why = text("the monitor did not answer within {} s", limit.count() / 1000);
    self->break_off(why, true);
    throw Error(ErrorCode::kOperationTimeout, why);
  }
  if (!waiting->reply) {
    throw Error(ErrorCode::kInternal, waiting->why);
  }
  if (const auto* failure = std::get_if<control::Failure>(&*waiting->reply)) {
    throw Error(known_code(failure->code), printable(failure->text));
  }
  co_return std::move(*waiting->reply);
}

}  // namespace virtsev::daemon
