// SPDX-License-Identifier: LGPL-2.1-or-later
// One debugger: its packets on a socket, and what they do to the target. What it can't do (single steps,
// breakpoints) is refused, never ignored: gdb would write breakpoints into the guest's code instead.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <asio/awaitable.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include "driver/daemon/gdb/packet.hpp"
#include "driver/daemon/gdb/target.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon::gdb {

class Session : public std::enable_shared_from_this<Session> {
 public:
  /// `socket`: this end of a pair. Throws Error where it can't be polled.
  Session(const asio::any_io_executor& executor, UniqueFd socket, std::unique_ptr<Target> target);

  /// Stops the target, and serves until the debugger has detached or gone; a target that ran before runs
  /// then.
  asio::awaitable<void> run();
  /// The target may have begun to run, stopped, or gone, whoever asked for it.
  void target_changed();

 private:
  using Reply = std::optional<std::string>;  ///< Nothing: none is due now

  asio::awaitable<void> attach();
  asio::awaitable<void> serve();
  asio::awaitable<void> take(Input input);
  asio::awaitable<void> take_packet(std::string packet);
  asio::awaitable<void> answer(std::string packet);

  // session_commands.cpp
  asio::awaitable<Reply> command(std::string_view packet);
  asio::awaitable<Reply> read_register(std::string_view arguments);
  asio::awaitable<Reply> write_register(std::string_view arguments);
  asio::awaitable<Reply> read_all_registers();
  asio::awaitable<Reply> write_all_registers(std::string_view digits);
  asio::awaitable<Reply> read_memory(std::string_view arguments);
  asio::awaitable<Reply> write_memory(std::string_view arguments, bool binary);
  asio::awaitable<Reply> go_on();
  asio::awaitable<Reply> destroy();
  Reply choose_thread(std::string_view arguments);
  [[nodiscard]] Reply thread_is_there(std::string_view arguments) const;

  // session_queries.cpp
  Reply query(std::string_view packet);
  Reply thread_list() const;
  Reply describe_thread(std::string_view thread) const;
  static Reply read_features(std::string_view arguments);
  Reply monitor_command(std::string_view digits);

  std::string stop_reply() const;
  Reply refuse(const std::string& why);
  asio::awaitable<void> write(std::string bytes);
  void tell(const std::string& data);
  [[nodiscard]] control::AddressKind address_kind() const;

  asio::posix::stream_descriptor socket_;
  std::unique_ptr<Target> target_;
  PacketReader reader_;
  std::string last_frame_;
  std::string refusal_;  ///< Why the last request was refused, for `monitor why`
  std::uint32_t vcpu_ = 0;
  std::string no_registers_;  ///< Why there are none to be seen: they are encrypted (SEV-ES)
  bool physical_ = false;     ///< Addresses are physical
  bool acknowledges_ = true;
  /// The packet whose answer gdb has not acknowledged. gdb says nothing new before it has: the same again is
  /// a repetition.
  std::optional<std::string> unacknowledged_;
  bool waiting_ = false;  ///< gdb waits for the target to stop
  bool resume_at_end_ = false;
  bool over_ = false;
};

}  // namespace virtsev::daemon::gdb
