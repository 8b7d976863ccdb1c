// SPDX-License-Identifier: LGPL-2.1-or-later
// libvirt's remote protocol above a Driver: what virtsevd's RPC server serves.
#pragma once

#include "driver/daemon/api/driver.hpp"
#include "driver/daemon/dispatch/console_registry.hpp"
#include "driver/daemon/dispatch/event_hub.hpp"
#include "driver/rpc/service.hpp"

namespace virtsev::daemon {

class RemoteService final : public rpc::Service {
 public:
  /// Takes the driver's events. The driver must outlive it.
  explicit RemoteService(Driver& driver);
  ~RemoteService() override;
  RemoteService(const RemoteService&) = delete;
  RemoteService& operator=(const RemoteService&) = delete;

  asio::awaitable<void> call(rpc::Client& client, const rpc::Call& call, xdr::Decoder& arguments,
                             xdr::Encoder& reply) override;
  void closed(rpc::Client& client) override;

 private:
  Driver& driver_;
  dispatch::EventHub events_;
  dispatch::ConsoleRegistry consoles_;
};

}  // namespace virtsev::daemon
