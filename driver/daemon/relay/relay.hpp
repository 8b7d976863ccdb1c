// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls that are not for virtsevd but for libvirt's own daemons: networks, storage, host devices, secrets,
// host interfaces, filters. Each client has a connection of its own to each daemon that it asks, made in its
// name, so that a slow or dead daemon, and what it sends, cost only those who ask it. Threads: the event
// loop's.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <asio/any_io_executor.hpp>

#include "driver/daemon/relay/link.hpp"

namespace virtsev::daemon::relay {

class Relay {
 public:
  /// Connections to daemons at once: of all clients, and of one user's readers.
  static constexpr std::size_t kMostLinks = 1024;
  static constexpr std::size_t kMostLinksOfAReader = 64;

  /// `directory`: where the daemons' sockets are.
  Relay(asio::any_io_executor executor, std::string directory);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// The reply's payload; nothing where there is no such daemon. Throws Error: the daemon's own, or that it
  /// can't be asked. `read_only`: the client may not change anything; `identity`: what it said of itself
  /// (CONNECT_SET_IDENTITY); empty: who its process is.
  asio::awaitable<std::optional<Bytes>> call(rpc::Client& client, bool read_only, Bytes identity, Kind kind,
                                             rpc::Call call, Bytes arguments);
  /// Whoever waits in a call of this client is told so.
  void disconnected(rpc::Client& client);
  void set_patience(std::chrono::milliseconds patience) { patience_ = patience; }
  [[nodiscard]] std::size_t clients() const { return links_.size(); }

 private:
  struct Links {
    std::optional<uid_t> reader;
    std::array<std::shared_ptr<Link>, kKinds> by_kind;
  };
  void require_room(std::optional<uid_t> reader) const;

  asio::any_io_executor executor_;
  std::string directory_;
  std::chrono::milliseconds patience_{10000};
  std::shared_ptr<rpc::MemoryBudget> budget_;
  std::map<std::uint64_t, Links> links_;  ///< By the client's id
};

}  // namespace virtsev::daemon::relay
