// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/monitor/channel.hpp"

#include <algorithm>
#include <utility>

#include "driver/control/codec.hpp"
#include "driver/daemon/loop/latch.hpp"
#include "driver/daemon/monitor/peer_text.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

namespace {

// More events than any monitor has reason for, whatever they say: a monitor that sends on and on must not
// have the event loop to itself.
constexpr unsigned kEventBurst = 4096;
constexpr std::chrono::milliseconds kEventRefill{1};
constexpr std::size_t kMaxEventBytes = 64U << 10;

Error too_late(std::chrono::milliseconds limit) {
  return {ErrorCode::kOperationTimeout, text("the monitor did not answer within {} s", limit.count() / 1000)};
}

std::chrono::milliseconds until(MonitorChannel::Clock::time_point due) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - MonitorChannel::Clock::now());
  return std::max(left, std::chrono::milliseconds::zero());
}

}  // namespace

struct MonitorChannel::Waiting {
  explicit Waiting(const asio::any_io_executor& executor) : answered(executor) {}
  const Clock::time_point asked_at = Clock::now();
  bool given_up = false;
  Latch answered;
  std::optional<control::Reply> reply;  // None: the channel broke
  std::string why;
};

MonitorChannel::MonitorChannel(const asio::any_io_executor& executor, UniqueFd socket)
    : executor_(executor), socket_(executor, socket.release()), events_(kEventBurst, kEventRefill) {}

MonitorChannel::~MonitorChannel() = default;

void MonitorChannel::open(Sinks sinks) {
  sinks_ = std::move(sinks);
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
                     : text("the monitor sent what is not a message"),
              !closed);
    return false;
  }
  while (open_) {
    const auto frame = reader_.next();
    if (!frame) {
      break_off(text("the monitor sent what is not a message"), true);
    } else if (*frame) {
      take(**frame);
    } else {
      return true;
    }
  }
  return false;
}

void MonitorChannel::take(const control::Frame& frame) {
  frame.kind == control::FrameKind::kEvent ? take_event(frame) : take_reply(frame);
}

void MonitorChannel::take_event(const control::Frame& frame) {
  if (!events_.take() || frame.payload.size() > kMaxEventBytes) {
    break_off(text("the monitor sends events without end"), true);
    return;
  }
  const auto event = control::decode_event(frame);
  if (event) {
    sinks_.event(*event);
  } else if (event.error() == control::DecodeError::kMalformed) {
    break_off(text("the monitor sent a malformed event"), true);
  }
}

void MonitorChannel::take_reply(const control::Frame& frame) {
  const auto found = waiting_.find(frame.serial);
  auto reply = control::decode_reply(frame);
  if (found == waiting_.end() || !reply) {
    break_off(text("the monitor sent an answer that nobody asked for, or a malformed one"), true);
    return;
  }
  const std::shared_ptr<Waiting> waiting = found->second;
  waiting_.erase(found);
  if (!waiting->given_up) {
    waiting->reply = std::move(*reply);
    waiting->answered.fire();
  }
  if (!queue_.empty()) {
    const std::shared_ptr<Latch> next = queue_.front();
    queue_.pop_front();
    next->fire();
  }
  if (waiting->given_up && --late_ == 0) {
    sinks_.lateness(false);
  }
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
  late_ = 0;
  for (const std::shared_ptr<Latch>& latch : std::exchange(queue_, {})) {
    latch->fire();
  }
}

void MonitorChannel::break_off(const std::string& why, bool faulty) {
  if (open_) {
    open_ = false;
    sinks_.broken(why, faulty);
  }
}

std::optional<MonitorChannel::Clock::time_point> MonitorChannel::owes_since() const {
  std::optional<Clock::time_point> oldest;
  for (const auto& [serial, waiting] : waiting_) {
    oldest = std::min(oldest.value_or(waiting->asked_at), waiting->asked_at);
  }
  return oldest;
}

asio::awaitable<void> MonitorChannel::wait_for_room(Clock::time_point due) {
  while (open_ && waiting_.size() >= kMostUnanswered) {
    const auto latch = std::make_shared<Latch>(executor_);
    queue_.push_back(latch);
    if (!co_await latch->wait_for(until(due))) {
      std::erase(queue_, latch);
      throw Error(ErrorCode::kOperationTimeout,
                  text("the monitor owes {} answers already, and takes no more questions", kMostUnanswered));
    }
  }
}

std::shared_ptr<MonitorChannel::Waiting> MonitorChannel::send(const control::Request& request) {
  if (!open_) {
    throw Error(ErrorCode::kInternal, text("the domain's monitor is not connected"));
  }
  const std::uint32_t serial = next_serial_++;
  if (!writer_.push(control::encode(request, serial))) {
    throw Error(ErrorCode::kOperationFailed,
                text("the host has no room or no descriptors to send that to the domain's monitor"));
  }
  auto waiting = std::make_shared<Waiting>(executor_);
  waiting_.emplace(serial, waiting);
  if (!writing_) {
    wait_writable();
  }
  return waiting;
}

asio::awaitable<control::Reply> MonitorChannel::request(control::Request request,
                                                        std::chrono::milliseconds limit) {
  const auto self = shared_from_this();
  const Clock::time_point due = Clock::now() + limit;
  co_await wait_for_room(due);
  const std::shared_ptr<Waiting> waiting = send(request);
  if (!co_await waiting->answered.wait_for(until(due))) {
    waiting->given_up = true;
    if (late_++ == 0) {
      sinks_.lateness(true);
    }
    throw too_late(limit);
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
