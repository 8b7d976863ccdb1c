// SPDX-License-Identifier: LGPL-2.1-or-later
// What an agent in a guest says of that guest. It is the guest's word and nothing more: nothing that the host
// decides may depend on it. Texts are fit for a terminal, on one line, and at most 4,096 bytes long.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sevcore/base/error.hpp"

namespace virtsev::daemon {

/// libvirt's virErrorNumber, of calls to agents alone: the agent does not answer; it answers something else
/// than it was asked.
inline constexpr ErrorCode kAgentUnresponsive{86};
inline constexpr ErrorCode kAgentUnsynced{97};

/// Since 1970-01-01, UTC.
struct GuestTime {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;  ///< Below 10^9
};

/// A disk under a file system.
struct GuestDisk {
  /// Its slot on the root bus; none: it is elsewhere, or not on PCI.
  std::optional<std::uint64_t> slot;
  std::optional<std::string> serial, device;  ///< device: the guest's name for it ("/dev/vda")
  std::string target;  ///< The definition's ("vda"), found by the slot; empty: it has none there
};

/// A file system that is mounted in the guest.
struct GuestFileSystem {
  std::string mount_point, name, type;  ///< name: the guest's, of the device ("vda1")
  std::optional<std::uint64_t> total_bytes, used_bytes;
  std::vector<GuestDisk> disks;
};

/// A network interface, as the guest sees it.
struct GuestInterface {
  struct Address {
    bool v6 = false;
    std::string address;
    std::uint32_t prefix = 0;  ///< In bits
  };
  std::string name;
  std::optional<std::string> mac;
  std::vector<Address> addresses;
};

}  // namespace virtsev::daemon
