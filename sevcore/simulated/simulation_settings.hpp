// SPDX-License-Identifier: LGPL-2.1-or-later
// What a simulated platform can be told. virtsevd.conf has the settings; each monitor has them from its Start
// message (driver/control/messages.hpp), and keeps what it has started with.
#pragma once

#include <cstdint>

namespace virtsev::sevcore {

struct SimulationSettings {
  static constexpr std::uint32_t kMaxAsids = 4096;  ///< In each pool
  static constexpr std::uint32_t kMaxDelay = 60'000;

  std::uint32_t es_asids = 99;    ///< How many SEV-ES guests the host can run at once: ASIDs 1 to es_asids
  std::uint32_t sev_asids = 410;  ///< How many SEV guests: the ASIDs after those
  /// How long the firmware takes for each MiB of guest memory that it encrypts or decrypts; hardware: about
  /// 123 ms. One command runs at a time on the whole host.
  std::uint32_t firmware_delay_ms_per_mib = 0;
  /// 1: as on a host whose BIOS and kernel initialise SEV-SNP, with firmware that runs no SEV-ES guests then.
  std::uint32_t snp_initialized = 0;
  friend bool operator==(const SimulationSettings&, const SimulationSettings&) = default;

  [[nodiscard]] std::uint32_t last_asid() const { return es_asids + sev_asids; }
};

}  // namespace virtsev::sevcore
