// SPDX-License-Identifier: LGPL-2.1-or-later
// A Hypervisor on a directory of its own, with the fake monitor behind it.
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <gtest/gtest.h>

#include "driver/control/codec.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/files/status_file.hpp"
#include "driver/daemon/hypervisor/hypervisor.hpp"

namespace virtsev::daemon {

/// What <cmdline>, the policy and so on are to be.
struct DomainText {
  std::string name = "guest";
  std::string uuid;
  std::string command_line;
  std::string policy = "0x0001";
  std::uint64_t memory_mib = 64;
  std::string more;      ///< Under <domain>
  std::string devices;   ///< Under <devices>
  std::string security;  ///< Under <launchSecurity>
};

class HypervisorTest : public ::testing::Test {
 protected:
  HypervisorTest();
  ~HypervisorTest() override;

  /// The daemon of one life; a second call is its restart: the first one goes without a word to its monitors,
  /// as kill -9 would have it.
  Hypervisor& restart();
  /// The daemon goes, its monitors stay.
  void stop() { life_.reset(); }
  Hypervisor& driver() { return *life_->hypervisor; }
  /// For parts that are tried without a daemon around them; ends with restart() and stop().
  asio::io_context& loop() { return life_->io; }

  /// Runs the loop until the call is done; rethrows.
  template <typename T>
  T wait(asio::awaitable<T> call) {
    std::optional<T> result;
    run(take(std::move(call), result));
    return std::move(*result);
  }
  void wait(asio::awaitable<void> call) { run(std::move(call)); }
  /// Runs the loop until this many events have come, in all.
  void wait_for_events(std::size_t count);
  /// Runs the loop until this holds; it is looked at after every turn.
  void wait_until(const std::function<bool()>& holds);

  /// The error that a call throws; nothing where it throws none.
  template <typename T>
  std::optional<Error> error_of(asio::awaitable<T> call) {
    try {
      wait(std::move(call));
    } catch (const Error& error) {
      return error;
    }
    return std::nullopt;
  }

  std::string xml(const DomainText& text = {}) const;
  DomainHandle define(const DomainText& text = {}) { return wait(driver().define(xml(text), 0)); }
  DomainHandle start(const DomainHandle& domain, unsigned flags = 0) {
    return wait(driver().start(domain.uuid, flags, 1));
  }
  /// What stands in the domain's status file; all empty where it has none.
  DomainStatus status_of(const DomainHandle& domain) const;
  /// In place of what stands there.
  void write_status(const DomainHandle& domain, const DomainStatus& status) const;
  /// -1 where there is none.
  pid_t monitor_of(const DomainHandle& domain) const;
  /// Starts a call; the loop runs in whatever is waited for next. What `call` refers to must outlive it.
  void begin(std::function<asio::awaitable<void>()> call);
  std::string path(const std::string& name) const { return root_.string() + "/" + name; }

  /// "guest: started 0", "guest: reboot"; see fixture.cpp for the words.
  std::vector<std::string> events_;
  Configuration configuration_;
  std::filesystem::path root_;
  Layout layout_;

 private:
  struct Life {
    asio::io_context io{1};
    std::unique_ptr<Hypervisor> hypervisor;
  };
  template <typename T>
  static asio::awaitable<void> take(asio::awaitable<T> call, std::optional<T>& result) {
    result = co_await std::move(call);
  }
  void run(asio::awaitable<void> call);

  std::deque<std::function<asio::awaitable<void>()>> begun_;  // A lambda's coroutine lives on its captures
  std::unique_ptr<Life> life_;
};

}  // namespace virtsev::daemon
