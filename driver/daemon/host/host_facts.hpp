// SPDX-License-Identifier: LGPL-2.1-or-later
// What capabilities and the like say of the host, read not more often than every few seconds: several files
// for each processor, while every client waits.
#pragma once

#include <chrono>
#include <optional>

#include "driver/daemon/config/configuration.hpp"
#include "driver/daemon/host/capabilities.hpp"

namespace virtsev::daemon {

class HostFacts {
 public:
  /// It must outlive this; a change of it is told by forget().
  explicit HostFacts(const Configuration& configuration) : configuration_(configuration) {}

  const HostTopology& topology();
  const CapabilitiesInput& all();
  void forget();

  /// A processor that comes or goes is seen that much later.
  static constexpr std::chrono::seconds kFresh{5};

 private:
  template <typename T>
  struct Read {
    T value;
    std::chrono::steady_clock::time_point at;
  };
  template <typename T>
  static bool is_fresh(const std::optional<Read<T>>& read) {
    return read && std::chrono::steady_clock::now() - read->at < kFresh;
  }

  const Configuration& configuration_;
  std::optional<Read<HostTopology>> topology_;
  std::optional<Read<CapabilitiesInput>> all_;
  KnownSnp snp_;
};

}  // namespace virtsev::daemon
