// SPDX-License-Identifier: LGPL-2.1-or-later
// One client's way to one of libvirt's daemons: opened at its first call, opened again when the daemon comes
// back. It keeps what the client has registered for, so that events go on then. Threads: the event loop's.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "driver/daemon/relay/upstream.hpp"

namespace virtsev::daemon::relay {

/// Whether a call registers for events (virConnectNetworkEventRegisterAny and its like), or takes that back.
bool is_registration(std::int32_t procedure);
bool is_deregistration(std::int32_t procedure);

class Link : public std::enable_shared_from_this<Link> {
 public:
  /// How long a daemon that went is left alone before it is asked again, for the sake of events; doubled each
  /// time, up to kLongestPause.
  static constexpr std::chrono::milliseconds kFirstPause{1000};
  static constexpr std::chrono::milliseconds kLongestPause{30000};
  /// Events that a client registers for.
  static constexpr std::size_t kMostRegistrations = 256;

  Link(const asio::any_io_executor& executor, rpc::Client& client, Purpose purpose,
       std::shared_ptr<rpc::MemoryBudget> budget);
  /// Nothing where there is no daemon. Throws Error where it fails, or has failed the call.
  asio::awaitable<std::optional<Bytes>> call(rpc::Call call, Bytes arguments);
  /// The client is gone.
  void close();
  /// It has, or makes, a connection to the daemon.
  [[nodiscard]] bool in_use() const { return upstream_ || opening_; }

 private:
  struct Registration {
    std::int32_t procedure = 0;  ///< By which it was made
    Bytes arguments;
    std::optional<std::int32_t> number;  ///< The daemon's; nothing while there is none
  };
  asio::awaitable<std::shared_ptr<Upstream>> upstream();
  asio::awaitable<Bytes> ask(std::shared_ptr<Upstream> upstream, rpc::Call call, Bytes arguments);
  asio::awaitable<Bytes> open_stream(std::shared_ptr<Upstream> upstream, rpc::Call call, Bytes arguments);
  asio::awaitable<Bytes> register_event(std::shared_ptr<Upstream> upstream, rpc::Call call, Bytes arguments);
  asio::awaitable<Bytes> deregister_event(rpc::Call call, Bytes arguments);
  /// Of the registration that the client has by that number: what the daemon's reply says.
  Upstream::AtOnce note_number(std::int32_t own);
  static asio::awaitable<void> recover(std::shared_ptr<Link> self);
  asio::awaitable<void> register_again(std::shared_ptr<Upstream> upstream);
  void event(std::int32_t procedure, ByteView payload);
  void lost();

  asio::any_io_executor executor_;
  rpc::Client* client_;  ///< Null once it is gone
  Purpose purpose_;
  std::shared_ptr<rpc::MemoryBudget> budget_;
  std::shared_ptr<Upstream> upstream_;
  bool opening_ = false;
  bool recovering_ = false;
  rpc::Gate opened_;  ///< Notified when opening_ ends, and when the client goes
  std::map<std::int32_t, Registration> registrations_;  ///< By the number that the client has
  std::int32_t next_number_ = 0;
};

}  // namespace virtsev::daemon::relay
