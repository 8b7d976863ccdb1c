// SPDX-License-Identifier: LGPL-2.1-or-later
// The launch plan: all that is in guest memory, and in the vCPUs, when a confidential guest starts. The
// monitor executes it, `virtsev measure` predicts with it, `virtsev explain` shows it: one value, so
// prediction and launch can't drift apart.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guest_address.hpp"
#include "sevcore/launch/protection.hpp"
#include "sevcore/launch/vcpu_state.hpp"

namespace virtsev::sevcore {

/// How the firmware treats a region. The names are those of SEV-SNP's PAGE_TYPE (SNP Firmware ABI,
/// SNP_LAUNCH_UPDATE). What each means for SEV and SEV-ES, which have no types: plan_steps.hpp.
enum class PageType : std::uint8_t {
  kNormal = 1,
  kVmsa = 2,
  kZero = 3,
  kUnmeasured = 4,
  kSecrets = 5,
  kCpuid = 6
};

/// A part of an open file. The descriptor is borrowed: the plan's maker keeps it open as long as the plan
/// lives.
struct FileRange {
  int fd = -1;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// A range of guest memory. `address` and `size`: multiples of 4096 in what virtsev starts, of 16
/// (LAUNCH_UPDATE_DATA) in any plan. Zeros follow shorter content.
struct Region {
  GuestAddress address;
  std::uint64_t size = 0;
  PageType type = PageType::kNormal;
  std::string name;    ///< What it is, for people: "kernel", "boot parameters"
  std::string origin;  ///< Where its bytes came from, for people: a path, or the part of virtsev that made it
  std::variant<Bytes, FileRange> content;
};

/// Where the launch secret goes by default, and how much fits; size 0: the plan has no such place.
struct SecretArea {
  GuestAddress address;
  std::uint64_t size = 0;
};

struct LaunchPlan {
  std::vector<Region> regions;   ///< In the order in which the firmware measures them
  std::vector<VcpuState> vcpus;  ///< In the order of vCPU ids
  Protection protection;         ///< What of it is measured, and how: plan_steps.hpp
  SecretArea secret;
};

/// Gives the content of a region piece by piece, at most 1 MiB each, zero padding included, in order.
/// Throws Error where a file can't be read or is shorter than the plan says.
void read_region(const Region& region, const std::function<void(ByteView)>& piece);

}  // namespace virtsev::sevcore
