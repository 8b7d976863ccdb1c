// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/agent/agent_conversation.hpp"

#include <array>
#include <random>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include "driver/daemon/api/guest_answers.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

struct AgentConversation::Wire {
  explicit Wire(const asio::any_io_executor& executor) : socket(executor), timer(executor) {}
  asio::posix::stream_descriptor socket;
  asio::steady_timer timer;
  bool late = false;   ///< The time for what is being done is over
  bool ended = false;  ///< Nothing more will come
};

/// While it lasts, what waits on the wire is woken when the time is over.
class AgentConversation::Limit {
 public:
  Limit(const std::shared_ptr<Wire>& wire, std::chrono::milliseconds limit) : wire_(wire) {
    wire->late = false;
    wire->timer.expires_after(limit);
    wire->timer.async_wait([weak = std::weak_ptr<Wire>(wire)](const asio::error_code& error) {
      const auto there = weak.lock();
      if (!error && there) {
        there->late = true;
        asio::error_code ignored;
        there->socket.cancel(ignored);
      }
    });
  }
  ~Limit() { wire_->timer.cancel(); }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

 private:
  std::shared_ptr<Wire> wire_;
};

namespace {

constexpr char kMark = '\xff';
/// How many wrong numbers of an earlier client's may come before ours.
constexpr unsigned kMostWrong = 16;
/// Of an answer that repeats a number.
constexpr std::size_t kMostSyncBytes = 256;

std::int64_t new_number() {
  std::random_device source;
  return static_cast<std::int64_t>((std::uint64_t{source()} << 31U | source() >> 1U) & INT64_MAX);
}

[[noreturn]] void refuse_answer(std::string_view command) {
  throw Error(ErrorCode::kOperationFailed,
              text("what the guest agent answered to {} is not an answer of its protocol", command));
}

/// The agent refuses, in its own words.
[[noreturn]] void pass_on(const AgentValue& error, std::string_view command) {
  const auto kind = error.find("class");
  const std::string word = kind ? kind->string().value_or("") : "";
  if (word == "CommandNotFound" || word == "CommandDisabled") {
    throw Error(
        ErrorCode::kOperationUnsupported,
        text("the agent in the guest does not do {}: it is too old for that, was told not to, or keeps "
             "the guest's file systems frozen",
             command));
  }
  const auto description = error.find("desc");
  throw Error(ErrorCode::kOperationFailed, text("the agent in the guest refused {}: {}", command,
                                                description ? description->string().value_or(word) : word));
}

AgentValue returned(std::string_view line, std::string_view command) {
  const std::optional<AgentValue> answer = AgentValue::parse(line);
  if (!answer) {
    refuse_answer(command);
  }
  if (const auto error = answer->find("error")) {
    pass_on(*error, command);
  }
  std::optional<AgentValue> value = answer->find("return");
  if (!value) {
    refuse_answer(command);
  }
  return *std::move(value);
}

}  // namespace

AgentConversation::AgentConversation(const asio::any_io_executor& executor, UniqueFd socket)
    : wire_(std::make_shared<Wire>(executor)) {
  asio::error_code error;
  wire_->socket.assign(socket.get(), error);
  if (error) {
    throw Error(ErrorCode::kSystemError, text("cannot wait for the guest agent: {}", error.message()));
  }
  static_cast<void>(socket.release());
}

void AgentConversation::give_up(std::string_view command) const {
  if (wire_->late) {
    throw Error(
        kAgentUnresponsive,
        text("the agent in the guest has not answered {} in time; what was asked for may still be done",
             command));
  }
  throw Error(kAgentUnresponsive,
              text("the connection to the guest agent ended before it had answered {}", command));
}

asio::awaitable<void> AgentConversation::write(std::string bytes) {
  asio::error_code error;
  co_await asio::async_write(wire_->socket, asio::buffer(bytes),
                             asio::redirect_error(asio::use_awaitable, error));
  wire_->ended = wire_->ended || (error && !wire_->late);
}

asio::awaitable<bool> AgentConversation::fill() {
  if (wire_->late || wire_->ended) {
    co_return false;
  }
  std::array<char, 16384> bytes{};
  asio::error_code error;
  const std::size_t count = co_await wire_->socket.async_read_some(
      asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
  wire_->ended = (error || count == 0) && !wire_->late;
  buffer_.append(bytes.data(), count);
  co_return !error && count > 0;
}

asio::awaitable<std::optional<std::string>> AgentConversation::next_line(std::string_view command) {
  std::size_t searched = 0;
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      co_return line;
    }
    searched = buffer_.size();
    if (searched > kMaxBytes) {
      throw Error(ErrorCode::kOperationFailed,
                  text("the guest agent's answer to {} has more than {} bytes", command, kMaxBytes));
    }
    if (!co_await fill()) {
      co_return std::nullopt;
    }
  }
}

asio::awaitable<void> AgentConversation::sync(std::chrono::milliseconds limit) {
  constexpr const char* kSync = "guest-sync-delimited";
  const Limit until(wire_, limit);
  const std::int64_t number = new_number();
  const AgentCommand command(kSync, {{"id", number}});
  std::string bytes = kMark + command.line();
  co_await write(std::move(bytes));
  std::size_t dropped = 0;
  unsigned wrong = 0;
  bool heard = false;
  for (;;) {
    const std::size_t mark = buffer_.find(kMark);
    const bool marked = mark != std::string::npos;
    heard = heard || !buffer_.empty();
    dropped += marked ? mark : buffer_.size();
    buffer_.erase(0, marked ? mark + 1 : buffer_.size());
    if (dropped > kMaxBytes || wrong > kMostWrong) {
      break;
    }
    if (!marked) {
      if (!co_await fill()) {
        break;
      }
      continue;
    }
    std::optional<std::string> line = co_await next_line(kSync);
    if (!line) {
      break;
    }
    // An answer that an earlier client left behind may have been cut off by the mark of the next.
    const std::size_t last = line->rfind(kMark);
    const std::string_view after = std::string_view(*line).substr(last == std::string::npos ? 0 : last + 1);
    const auto answer = after.size() <= kMostSyncBytes ? AgentValue::parse(after) : std::nullopt;
    const auto repeated = answer ? answer->find("return") : std::nullopt;
    if (repeated && repeated->signed_number() == number) {
      co_return;
    }
    ++wrong;
  }
  if (wire_->ended) {
    give_up(kSync);
  }
  if (heard) {
    throw Error(
        kAgentUnsynced,
        text("what is on the guest agent's channel in the guest does not speak the agent's protocol"));
  }
  throw Error(kAgentUnresponsive, text("the agent in the guest does not answer"));
}

asio::awaitable<AgentValue> AgentConversation::ask(AgentCommand command, std::chrono::milliseconds limit) {
  const Limit until(wire_, limit);
  std::string bytes = command.line();
  co_await write(std::move(bytes));
  const std::optional<std::string> line = co_await next_line(command.name());
  if (!line) {
    give_up(command.name());
  }
  co_return returned(*line, command.name());
}

asio::awaitable<void> AgentConversation::tell(AgentCommand command, std::chrono::milliseconds patience) {
  const Limit until(wire_, patience);
  std::string bytes = command.line();
  co_await write(std::move(bytes));
  const std::optional<std::string> line = co_await next_line(command.name());
  if (line) {
    returned(*line, command.name());
  }
}

}  // namespace virtsev::daemon
