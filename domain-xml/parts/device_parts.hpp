// SPDX-License-Identifier: LGPL-2.1-or-later
// One function for each kind of device within <devices>, and what they share.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include <libxml/tree.h>

#include "domain-xml/device_definitions.hpp"
#include "domain-xml/xml/problems.hpp"

namespace virtsev::domain_xml {

/// All but the slot, which comes later for all devices together (pci_addresses.hpp).
DiskDefinition read_disk(xmlNode* disk, Problems& problems);
InterfaceDefinition read_interface(xmlNode* interface, Problems& problems);
EntropyDefinition read_entropy(xmlNode* rng, Problems& problems);

/// The user's own alias, "ua-..."; empty: none.
std::string alias_of(const xmlNode* device, Problems& problems);
/// "on", "yes": true; "off", "no": false; not there: `otherwise`.
bool switched(const xmlNode* element, const char* name, bool otherwise);
/// An attribute that is a number from `least` to `most`; `otherwise` where it is not there, and where it is
/// something else, which is a problem.
std::uint64_t number_in(const xmlNode* element, const char* name, std::uint64_t least, std::uint64_t most,
                        std::uint64_t otherwise, Problems& problems);

}  // namespace virtsev::domain_xml
