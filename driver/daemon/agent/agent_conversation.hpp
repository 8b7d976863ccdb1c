// SPDX-License-Identifier: LGPL-2.1-or-later
// One conversation with QEMU's guest agent: a connection to its channel, on which both are made to begin at
// the same place, and one question. Whoever is at the other end is the guest, and may say anything, at any
// speed, or nothing: what is read and how long that takes is bounded.
// Threads: the event loop's, which it never blocks.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include "driver/daemon/agent/agent_value.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

class AgentConversation {
 public:
  /// Of an answer, and of what is old in the channel. The longest that libvirt's protocol could pass on is a
  /// list of 2,048 interfaces, each some 500 bytes with its statistics; what this is parsed to takes some 20
  /// MiB for a moment, and some 20 ms.
  static constexpr std::size_t kMaxBytes = 1U << 20;
  /// For the agent to show that it is there: it does so within milliseconds.
  static constexpr std::chrono::milliseconds kSyncLimit{5000};
  /// For an answer that the guest has at hand.
  static constexpr std::chrono::milliseconds kAnswerLimit{30000};
  /// For those that wait for the guest's disks: freeze, thaw, trim.
  static constexpr std::chrono::milliseconds kSlowLimit{300000};

  /// `socket`: connected, non-blocking. Throws Error where it can't be polled.
  AgentConversation(const asio::any_io_executor& executor, UniqueFd socket);

  /// guest-sync-delimited: drops what is old until the agent repeats a number of ours behind its mark (0xFF).
  /// Throws Error: kAgentUnresponsive where the agent says nothing, or the guest has gone; kAgentUnsynced
  /// where it says something else.
  asio::awaitable<void> sync(std::chrono::milliseconds limit = kSyncLimit);

  /// The answer's "return". Throws Error: kAgentUnresponsive as above; kOperationUnsupported where the agent
  /// does not know the command, or may not do it; kOperationFailed where it refuses it in words, or where
  /// what it says is no answer.
  asio::awaitable<AgentValue> ask(AgentCommand command, std::chrono::milliseconds limit = kAnswerLimit);

  /// For a command that is not answered when it is done: returns when the channel has ended, or nothing was
  /// said against it for `patience`. Throws as ask().
  asio::awaitable<void> tell(AgentCommand command, std::chrono::milliseconds patience);

 private:
  struct Wire;
  class Limit;

  asio::awaitable<void> write(std::string bytes);
  /// Waits for more; false where the time is over, or the channel has ended.
  asio::awaitable<bool> fill();
  /// The next line, without its end; none as fill().
  asio::awaitable<std::optional<std::string>> next_line(std::string_view command);
  [[noreturn]] void give_up(std::string_view command) const;

  std::shared_ptr<Wire> wire_;
  std::string buffer_;
};

}  // namespace virtsev::daemon
