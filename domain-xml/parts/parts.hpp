// SPDX-License-Identifier: LGPL-2.1-or-later
// One function for each part of a domain's XML: it checks that part, fills the typed fields, and writes
// defaults into the tree, so that the tree is the normalised document in the end. Each throws Error naming
// element and line.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include <libxml/tree.h>

#include "domain-xml/domain_definition.hpp"

namespace virtsev::domain_xml {

/// <domain type=...>: the root itself.
void read_domain_type(xmlNode* domain);
/// <name>, <uuid>, <title>, <description>.
void read_general(xmlNode* domain, DomainDefinition& definition);
/// <memory>, <currentMemory>.
void read_memory(xmlNode* domain, DomainDefinition& definition);
/// <vcpu>, <vcpus>, and <cpu><topology>, which has to agree.
void read_vcpus(xmlNode* domain, DomainDefinition& definition);
void read_os(xmlNode* domain, DomainDefinition& definition);
void read_features(xmlNode* domain);
void read_clock(xmlNode* domain);
/// <on_poweroff>, <on_reboot>, <on_crash>; after read_launch_security, which decides a default.
void read_lifecycle(xmlNode* domain, DomainDefinition& definition);
void read_devices(xmlNode* domain, DomainDefinition& definition);
/// <serial> and <console> within <devices>.
void read_serials(xmlNode* devices, DomainDefinition& definition);
void read_launch_security(xmlNode* domain, DomainDefinition& definition);

/// Why this can't be a domain's title; empty: it can.
std::string reason_against_title(const std::string& title);

/// libvirt's order of the elements of a domain; others stand between the known ones and <launchSecurity>.
void put_in_order(xmlNode* domain);
/// libvirt's order of elements within `parent`, those that are not named last.
void put_in_order(xmlNode* parent, std::initializer_list<std::string_view> order);

}  // namespace virtsev::domain_xml
