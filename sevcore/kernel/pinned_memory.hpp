// SPDX-License-Identifier: LGPL-2.1-or-later
// How much memory KVM locks for an encrypted guest on hardware.
#pragma once

#include <cstdint>

namespace virtsev::sevcore {

/// The most that one command of a launch encrypts. Linux pins the range of each command for as long as it
/// takes, and counts it on top of what is registered already, against the limit on locked memory
/// (arch/x86/kvm/svm/sev.c, sev_pin_memory). How a region is split does not show in the launch digest.
inline constexpr std::uint64_t kPinnedPiece = 2ULL << 20;

/// What a guest with `memory` bytes needs of RLIMIT_MEMLOCK.
constexpr std::uint64_t bytes_to_lock(std::uint64_t memory) { return memory + kPinnedPiece; }

}  // namespace virtsev::sevcore
