// SPDX-License-Identifier: LGPL-2.1-or-later
// What a simulated platform can be told: kept as text in the platform's `state` file, so that every process
// of the host sees the same.
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
};

/// Reads them from the `state` file; an empty file gives the defaults. Throws Error naming the file and line
/// at fault.
SimulationSettings read_simulation_settings(int state_fd);

/// Writes them and makes them durable, unless they stand there already. Processes that have the platform open
/// keep what they have read; one that reads meanwhile sees the old or the new ones. Throws Error.
void write_simulation_settings(int state_fd, const SimulationSettings& settings);

}  // namespace virtsev::sevcore
