// SPDX-License-Identifier: LGPL-2.1-or-later
// A launch plan, explained: what is measured, step by step, and what it was made from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "driver/cli/expected/expected_launch.hpp"
#include "driver/cli/expected/unmeasured.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::cli {

/// One step of the measurement: a region, or a vCPU's VMSA page.
struct ExplainedStep {
  std::string name;
  std::string origin;                    ///< A path, or the part of virtsev that made it
  std::optional<std::uint64_t> address;  ///< Guest physical; none for a VMSA
  std::uint64_t size = 0;                ///< Bytes, padding included
  std::string type;                      ///< "normal", "vmsa", "unmeasured", ...
  ByteArray<32> digest{};                ///< SHA-256 of this step's bytes alone
  Bytes running;                         ///< The launch digest, were this the last step
};

/// What a plan depends on beside the bytes of kernel and initrd.
struct Inputs {
  std::string machine;
  std::uint64_t memory_bytes = 0;
  std::uint32_t vcpus = 0;
  std::uint64_t policy = 0;  ///< Not in the digest; in the measurement, which is made from both
  std::string command_line;
  std::string vmsa;  ///< "init2" or "legacy"; empty without SEV-ES
};

struct PlanExplanation {
  Inputs inputs;
  std::vector<ExplainedStep> steps;
  std::vector<Unmeasured> unmeasured;
  sevcore::SecretArea secret;  ///< Size 0: none
  Bytes launch_digest;         ///< 32 bytes for SEV and SEV-ES, 48 for SEV-SNP
};

/// Reads every region once. Throws Error where a file can't be read.
PlanExplanation explain(const ExpectedLaunch& launch);

}  // namespace virtsev::cli
