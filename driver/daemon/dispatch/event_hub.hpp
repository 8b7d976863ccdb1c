// SPDX-License-Identifier: LGPL-2.1-or-later
// Who wants to hear of which events.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>

#include "driver/daemon/api/driver.hpp"
#include "driver/rpc/client.hpp"

namespace virtsev::daemon::dispatch {

class EventHub {
 public:
  /// virDomainEventID of libvirt 11.3: 0 (lifecycle) to 27 (NIC MAC change). All can be registered for; those
  /// that virtsev never has, never come.
  static constexpr std::int32_t kEventCount = 28;
  /// For each client.
  static constexpr std::size_t kMaxCallbacks = 1024;

  /// Returns the callback's number. Throws Error for an unknown event, and above kMaxCallbacks. `domain`:
  /// events of that one alone.
  std::int32_t add(rpc::Client& client, std::int32_t event, const std::optional<Uuid>& domain);
  /// Throws Error where the client has no such callback.
  void remove(rpc::Client& client, std::int32_t callback);
  void forget(rpc::Client& client);

  /// One message for each callback that asked for it.
  void send(const DomainEvent& event);

 private:
  struct Callback {
    rpc::Client* client;
    std::optional<Uuid> domain;
  };
  std::array<std::map<std::int32_t, Callback>, kEventCount> callbacks_;
  std::map<std::uint64_t, std::size_t> counts_;  ///< By client
  std::int32_t last_ = 0;
};

}  // namespace virtsev::daemon::dispatch
