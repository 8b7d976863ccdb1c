// SPDX-License-Identifier: LGPL-2.1-or-later
// What a launch digest does not say of a guest.
#pragma once

#include <string>
#include <vector>

#include "driver/cli/expected/expected_launch.hpp"
#include "driver/cli/io/json.hpp"

namespace virtsev::cli {

struct Unmeasured {
  std::string
      word;  ///< For scripts: "addresses", "vcpu-state", "acpi", "smbios", "memory-map", "kernel", ...
  std::string sentence;  ///< For people, without a full stop
};

inline constexpr const char* kUnmeasuredKernel = "kernel";

/// The same of all guests, for --help.
std::string what_a_digest_does_not_say();

/// In the order of what a host could do with it: the worst, kUnmeasuredKernel, first. Never empty.
std::vector<Unmeasured> unmeasured(const ExpectedLaunch& launch);

/// The words.
Json to_json(const std::vector<Unmeasured>& list);

/// On standard error, for a guest with firmware: its host makes what it runs beside what is measured. Of
/// direct boot there is nothing to say that `--help` does not.
void note_unmeasured(const ExpectedLaunch& launch);

/// False where the host chooses the kernel: firmware that checks no hashes boots what lies on a disk. One
/// that checks them takes nothing from the host without them.
bool kernel_is_covered(const ExpectedLaunch& launch);

}  // namespace virtsev::cli
