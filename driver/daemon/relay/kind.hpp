// SPDX-License-Identifier: LGPL-2.1-or-later
// What libvirt's own daemons serve beside domains.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace virtsev::daemon::relay {

enum class Kind : std::uint8_t { kNetwork, kStorage, kNodeDevice, kSecret, kInterface, kFilter };
inline constexpr std::size_t kKinds = 6;

/// The URI's scheme by which that driver is opened: "nodedev".
const char* scheme_of(Kind kind);

/// Where that driver's daemon may listen, best first: the modular one's socket, then libvirtd's. Of these, in
/// system mode, the read-only ones for `read_only` (libvirt's src/remote/remote_sockets.c).
struct Place {
  std::string path;
  /// Whether who connects can change anything. A socket that can is used for a reader only where there is no
  /// other, and opened as a reader then.
  bool read_only = false;
};
std::vector<Place> places_of(Kind kind, const std::string& directory, bool read_only);

}  // namespace virtsev::daemon::relay
