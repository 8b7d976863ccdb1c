// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/monitor/monitor.hpp"

#include <algorithm>
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <fcntl.h>

#include "driver/control/codec.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/monitor/peer_text.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::chrono::seconds kExitGrace{10};

std::string join(const std::string& first, const std::string& second) {
  return first.empty() || second.empty() ? first + second : first + ": " + second;
}

}  // namespace

std::optional<control::Ended> read_end_file(const std::string& path) {
  const auto content = read_file(path, control::kMaxMessageBytes);
  return content ? control::parse_end_file(bytes_of(*content)) : std::nullopt;
}

Monitor::Monitor(const asio::any_io_executor& executor, Process process, UniqueFd socket,
                 std::string end_file)
    : process_(std::move(process)),
      exit_(executor, ::fcntl(process_.pidfd.get(), F_DUPFD_CLOEXEC, 0)),
      channel_(std::make_shared<MonitorChannel>(executor, std::move(socket))),
      grace_(executor),
      ended_(executor),
      end_file_(std::move(end_file)) {}

void Monitor::watch(Sinks sinks) {
  sinks_ = std::move(sinks);
  // The channel must not hold this object: it is held by it.
  const std::weak_ptr<Monitor> weak = weak_from_this();
  MonitorChannel::Sinks ours;
  ours.event = [weak](const control::Event& event) {
    if (const auto self = weak.lock()) {
      self->take_event(event);
    }
  };
  ours.broken = [weak](const std::string& why, bool faulty) {
    if (const auto self = weak.lock()) {
      self->connection_over(why, faulty);
    }
  };
  ours.lateness = [weak](bool late) {
    if (const auto self = weak.lock(); self && self->sinks_.lateness) {
      self->sinks_.lateness(late);
    }
  };
  channel_->open(std::move(ours));
  exit_.async_wait(asio::posix::stream_descriptor::wait_read, [weak](const std::error_code& error) {
    const auto self = weak.lock();
    if (self && !error) {
      self->process_over();
    }
  });
}

asio::awaitable<void> Monitor::greet(std::chrono::milliseconds limit) {
  const auto self = shared_from_this();
  control::Request hello = control::Hello{};
  const control::Reply reply = co_await request(std::move(hello), limit);
  const auto* answer = std::get_if<control::HelloReply>(&reply);
  if (answer == nullptr) {
    const std::string why = text("the monitor answered a greeting with something else");
    connection_over(why, true);
    throw Error(ErrorCode::kInternal, why);
  }
  version_ = std::min(answer->version, control::kProtocolVersion);
}

asio::awaitable<control::Reply> Monitor::request(control::Request request, std::chrono::milliseconds limit) {
  const auto channel = channel_;
  co_return co_await channel->request(std::move(request), limit);
}

std::chrono::milliseconds Monitor::owes_for() const {
  const auto since = channel_->owes_since();
  return since ? std::chrono::ceil<std::chrono::milliseconds>(MonitorChannel::Clock::now() - *since)
               : std::chrono::milliseconds::zero();
}

void Monitor::take_event(const control::Event& event) {
  if (const auto* ended = std::get_if<control::Ended>(&event)) {
    if (!said_) {  // It ends once: who says so again gets no more time by that
      said_ = *ended;
      kill_after(kExitGrace);
    }
    return;
  }
  if (sinks_.event) {
    sinks_.event(event);
  }
}

void Monitor::grant_firmware(std::uint64_t number, std::chrono::milliseconds limit) {
  const auto grant = [](std::shared_ptr<Monitor> self, control::Request message,
                        std::chrono::milliseconds time) -> asio::awaitable<void> {
    co_await self->request(std::move(message), time);
  };
  // What comes of it is said by FirmwareDone, by its absence, or by the monitor's end.
  asio::co_spawn(exit_.get_executor(), grant(shared_from_this(), control::GrantFirmware{number}, limit),
                 [](const std::exception_ptr&) {});
}

void Monitor::end_for(const std::string& why) {
  fault_ = why;
  kill();
  channel_->close(why);
}

void Monitor::connection_over(const std::string& why, bool faulty) {
  if (faulty) {
    end_for(why);
  } else {
    // It closes its end when it exits, and how it exits is what those who wait should hear. One that stays
    // can't be reached any more.
    kill_after(kExitGrace);
  }
}

void Monitor::kill_after(std::chrono::seconds grace) {
  if (std::exchange(dying_, true)) {
    return;
  }
  grace_.expires_after(grace);
  grace_.async_wait([weak = weak_from_this()](const std::error_code& error) {
    const auto self = weak.lock();
    if (self && !error) {
      self->kill();
    }
  });
}

void Monitor::process_over() {
  const auto self = shared_from_this();
  over_ = true;
  channel_->drain();
  grace_.cancel();
  if (!said_) {
    said_ = read_end_file(end_file_);
  }
  MonitorEnd end;
  end.how = collect(process_);
  if (fault_.empty()) {
    end.said = said_;
    if (said_) {
      end.said->text = printable_line(said_->text);
      end.how = end.said->text;
    }
  } else {
    end.how = join(fault_, end.how);
  }
  channel_->close(join(text("the domain's monitor ended"), end.how));
  // Answers that came before the end are dealt with before it, too: their coroutines are in the loop's queue
  // already.
  asio::post(exit_.get_executor(), [self, end] {
    const Sinks sinks = std::exchange(self->sinks_, {});
    if (sinks.end) {
      sinks.end(end);
    }
    self->ended_.fire();
  });
}

}  // namespace virtsev::daemon
