// SPDX-License-Identifier: LGPL-2.1-or-later
// The launch that an owner expects, as `measure` and `verify` take it: domain XML, or options.
#pragma once

#include <cstdint>
#include <string>

namespace virtsev::cli {

class Command;

/// Empty, or 0: not given.
struct LaunchOptions {
  std::string xml;  ///< A path, or "-"
  std::string policy;
  std::string machine;
  std::uint64_t memory_mib = 0;
  std::string firmware;
  std::string firmware_digest;  ///< SHA-256 of an image that its owner knows, in hex
  std::string kernel;
  std::string initrd;
  std::string command_line;
  bool command_line_given = false;  ///< --cmdline '' is an empty one
  std::uint32_t vcpus = 0;
  std::string cpu_model;
  std::uint32_t cpu_signature = 0;
  std::string vmsa;
  std::string type;            ///< "sev" or "sev-snp"
  std::string guest_features;  ///< SEV_FEATURES, 0x-prefixed or decimal

  [[nodiscard]] bool is_snp() const { return type == "sev-snp"; }
  /// True where a launch is described at all, apart from the policy.
  [[nodiscard]] bool given() const;
};

/// Adds the options to a subcommand. `options` must live as long as it. `--policy` is left to `verify`, which
/// has its own sentence about it.
void add_launch_options(Command& command, LaunchOptions& options);

/// Of these, what may stand beside XML: the owner's own copies of its files, the vCPUs' model, and --vmsa.
void add_copy_options(Command& command, LaunchOptions& options);

inline constexpr std::uint64_t kDefaultMemoryMib = 1024;

}  // namespace virtsev::cli
