// SPDX-License-Identifier: LGPL-2.1-or-later
// The versions of the virtual machine that a guest sees, and what each can be. A released version never
// changes what it puts into guest memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace virtsev::machine {

enum class Version : std::uint32_t { kQ35_1_0 = 1 };

/// What definitions store, and guests' plans name as the origin of what virtsev makes.
inline constexpr const char* kQ35_1_0 = "virtsev-q35-1.0";
/// What domain XML may say, and virt-install does: the newest version.
inline constexpr const char* kAlias = "q35";

struct Limits {
  std::uint32_t vcpus;         ///< 1 to this many
  std::uint64_t least_memory;  ///< Bytes
  std::uint64_t most_memory;   ///< Bytes
  std::size_t command_line;    ///< Bytes, with the terminating NUL (Linux, COMMAND_LINE_SIZE for x86)
  std::size_t devices;         ///< That a definition can ask for
};

/// Of machine version 1.0; and, as it is the newest, of all that is defined from now on.
inline constexpr Limits kLimits{64, 64ULL << 20, 1ULL << 40, 2048, 32};

/// Devices on the root PCI bus have slots from 1 to this. 0 is the host bridge's; 31 is kept for the bridge
/// that firmware looks for there.
inline constexpr unsigned kLastPciSlot = 30;

/// The version of this name or alias; nothing where there is none.
constexpr std::optional<Version> version_named(std::string_view name) {
  return name == kQ35_1_0 || name == kAlias ? std::optional(Version::kQ35_1_0) : std::nullopt;
}

}  // namespace virtsev::machine
