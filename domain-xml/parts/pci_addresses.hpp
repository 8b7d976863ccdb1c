// SPDX-License-Identifier: LGPL-2.1-or-later
// Which slot of the root bus a device has: the one that its <address> says, or the first that is free; or
// which root port it is behind.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <libxml/tree.h>

#include "domain-xml/device_definitions.hpp"
#include "domain-xml/xml/problems.hpp"
#include "sevcore/machine/machine_version.hpp"

namespace virtsev::domain_xml {

/// Where an <address> asks for a device to be; both 0: anywhere. A document that was made for QEMU may have
/// it on the bus of a bridge that is not there: that gets a slot of ours.
struct AskedAddress {
  std::uint8_t slot = 0;  ///< Of the root bus
  std::uint8_t port = 0;  ///< Or the bus behind the root port of this number
  friend bool operator==(const AskedAddress&, const AskedAddress&) = default;
};
AskedAddress address_asked_by(xmlNode* address, Problems& problems);

/// Two steps, so that a device that says nothing does not take what a later one asks for.
class PciAddresses {
 public:
  /// Where a device's definition has its place.
  struct Place {
    std::uint8_t& slot;
    std::uint8_t* port;  ///< Null: it is never behind a root port
  };
  /// Notes a device, or a root port. What is referred to is set in assign(), and lies where it is until then.
  void add(xmlNode* device, const Place& place, Problems& problems);
  void add(xmlNode* controller, RootPortDefinition& port, Problems& problems);
  /// Gives each its place, and writes it into its <address>. Root ports take what is left.
  void assign(Problems& problems);

 private:
  struct Wanted {
    xmlNode* device;
    Place place;
    AskedAddress asked;
  };
  struct Port {
    xmlNode* controller;
    RootPortDefinition* definition;
    std::uint8_t asked;               ///< Slot; 0: any
    const xmlNode* device = nullptr;  ///< Behind it
  };
  void number_ports(Problems& problems);
  void take_asked(Problems& problems);
  void take_free(xmlNode* device, std::uint8_t& slot, Problems& problems);
  Port* port_of(std::uint8_t number);

  std::vector<Wanted> wanted_;
  std::vector<Port> ports_;
  std::array<const xmlNode*, machine::kLastPciSlot + 1> taken_{};  // By slot
};

}  // namespace virtsev::domain_xml
