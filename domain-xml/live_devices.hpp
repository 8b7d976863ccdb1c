// SPDX-License-Identifier: LGPL-2.1-or-later
// Devices of a running guest that come and go, as `virsh attach-device --live` and `detach-device --live` ask
// for it. Each is behind a root port of the definition that it runs with.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "domain-xml/domain_definition.hpp"

namespace virtsev::domain_xml {

/// A device of a running guest.
struct LiveDevice {
  enum class Kind { kDisk, kInterface, kEntropy };
  Kind kind = Kind::kDisk;
  std::size_t number = 0;  ///< Among the definition's devices of its kind
  std::string alias;
  std::uint8_t port = 0;  ///< The root port that it is behind; 0: on the root bus, where it stays
};

/// With a device more. In the new definition all devices have their aliases, so that each keeps its own
/// when others go.
struct LiveAttachment {
  DomainDefinition definition;
  LiveDevice device;
};
/// Throws Error: as with_device() does; kOperationUnsupported where its address is none behind a root port,
/// or no such port has an empty slot.
LiveAttachment with_live_device(const DomainDefinition& definition, const std::string& device);

/// The device that an element means, as without_device() finds it; throws the same.
LiveDevice live_device(const DomainDefinition& definition, const std::string& device);
/// Nothing where there is none of this alias.
std::optional<LiveDevice> device_of_alias(const DomainDefinition& definition, const std::string& alias);
/// All that can go.
std::vector<LiveDevice> devices_in_slots(const DomainDefinition& definition);

/// Without it; the others have their aliases, as above.
DomainDefinition without_live_device(const DomainDefinition& definition, const LiveDevice& device);

}  // namespace virtsev::domain_xml
