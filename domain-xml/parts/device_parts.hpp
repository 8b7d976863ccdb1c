// SPDX-License-Identifier: LGPL-2.1-or-later
// One function for each kind of device within <devices>, and what they share.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include <libxml/tree.h>

#include "domain-xml/domain_definition.hpp"
#include "domain-xml/xml/problems.hpp"

namespace virtsev::domain_xml {

/// All but the slot, which comes later for all devices together (pci_addresses.hpp).
DiskDefinition read_disk(xmlNode* disk, Problems& problems);
InterfaceDefinition read_interface(xmlNode* interface, Problems& problems);
EntropyDefinition read_entropy(xmlNode* rng, Problems& problems);
PanicDefinition read_panic(xmlNode* panic, Problems& problems);

/// <controller type='virtio-serial'>, but for its slot. `definition` gets one where it has ports and none is
/// written; the element that stands for it, null where there is none.
xmlNode* read_port_controller(xmlNode* devices, DomainDefinition& definition, Problems& problems);

/// Whether a device is a port that the guest gets: a <console> with <target type='virtio'>, and not the
/// serial port, or such a <channel>, and not a screen's, which is kept alone (rules/headless.cpp).
bool is_port(const xmlNode* device);
/// A <controller> that is one with a slot: not hotplug='off'.
bool is_root_port(const xmlNode* device);
/// 0 as its number where the element says none.
RootPortDefinition read_root_port(const xmlNode* controller, Problems& problems);

/// The user's own alias, "ua-..."; empty: none.
std::string alias_of(const xmlNode* device, Problems& problems);
/// libvirt gives these names when a domain starts; only the user's own ("ua-") are part of a definition.
void remove_given_alias(xmlNode* device);
/// "on", "yes": true; "off", "no": false; not there: `otherwise`.
bool switched(const xmlNode* element, const char* name, bool otherwise);
/// An attribute that is a number from `least` to `most`; `otherwise` where it is not there, and where it is
/// something else, which is a problem.
std::uint64_t number_in(const xmlNode* element, const char* name, std::uint64_t least, std::uint64_t most,
                        std::uint64_t otherwise, Problems& problems);

}  // namespace virtsev::domain_xml
