// SPDX-License-Identifier: LGPL-2.1-or-later
// Who has which console of which domain: one client at a time, as two would each see half of it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include <sys/types.h>

#include "driver/daemon/api/driver.hpp"
#include "driver/rpc/client.hpp"

namespace virtsev::daemon::dispatch {

class ConsoleRegistry {
 public:
  /// Ties the console to the call's stream. Where another has it: with `force` that stream ends, else
  /// Error(kOperationFailed). It must outlive the streams.
  void open(rpc::Client& client, const rpc::Call& call, const Uuid& domain, UniqueFd pty, bool force);
  [[nodiscard]] std::size_t size() const { return holders_.size(); }

 private:
  struct Holder {
    std::weak_ptr<rpc::Stream> stream;
    std::uint64_t number;
  };
  /// A domain may have several: each is a terminal, with a device number of its own.
  using Console = std::pair<Uuid, dev_t>;
  std::map<Console, Holder> holders_;
  std::uint64_t last_ = 0;
};

}  // namespace virtsev::daemon::dispatch
