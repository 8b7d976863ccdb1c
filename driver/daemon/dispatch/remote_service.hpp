// SPDX-License-Identifier: LGPL-2.1-or-later
// libvirt's remote protocol above a Driver: what virtsevd's RPC server serves.
#pragma once

#include "driver/daemon/api/driver.hpp"
#include "driver/daemon/dispatch/console_registry.hpp"
#include "driver/daemon/dispatch/event_hub.hpp"
#include "driver/daemon/relay/relay.hpp"
#include "driver/rpc/service.hpp"

namespace virtsev::daemon {

class RemoteService final : public rpc::Service {
 public:
  /// Takes the driver's events. The driver must outlive it, and so must `relay`; null: no other daemon is
  /// asked.
  explicit RemoteService(Driver& driver, relay::Relay* relay = nullptr);
  ~RemoteService() override;
  RemoteService(const RemoteService&) = delete;
  RemoteService& operator=(const RemoteService&) = delete;

  asio::awaitable<void> call(rpc::Client& client, const rpc::Call& call, xdr::Decoder& arguments,
                             xdr::Encoder& reply) override;
  void disconnected(rpc::Client& client) override;
  void closed(rpc::Client& client) override;

 private:
  Driver& driver_;
  relay::Relay* relay_;
  dispatch::EventHub events_;
  dispatch::ConsoleRegistry consoles_;
};

}  // namespace virtsev::daemon
