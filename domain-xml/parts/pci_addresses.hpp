// SPDX-License-Identifier: LGPL-2.1-or-later
// Which slot of the root bus a device has: the one that its <address> says, or the first that is free.
#pragma once

#include <cstdint>
#include <vector>

#include <libxml/tree.h>

#include "domain-xml/xml/problems.hpp"

namespace virtsev::domain_xml {

/// The slot that an <address> asks for on the root bus; 0 where it asks for none there. A document that was
/// made for QEMU has its devices behind root ports, on buses of their own: those get a slot of ours.
std::uint8_t slot_asked_by(xmlNode* address, Problems& problems);

/// Two steps, so that a device that says nothing does not take what a later one asks for.
class PciAddresses {
 public:
  /// Notes a device. `slot` is set in assign(), and lies where it is until then.
  void add(xmlNode* device, std::uint8_t& slot, Problems& problems);
  /// Gives each its slot, and writes it into its <address>.
  void assign(Problems& problems);

 private:
  struct Wanted {
    xmlNode* device;
    std::uint8_t* slot;
    std::uint8_t asked;  ///< 0: any
  };
  std::vector<Wanted> wanted_;
};

}  // namespace virtsev::domain_xml
