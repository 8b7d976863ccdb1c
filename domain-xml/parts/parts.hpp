// SPDX-License-Identifier: LGPL-2.1-or-later
// One function for each part of a domain's XML: it checks that part, fills the typed fields, and writes
// defaults into the tree, so that the tree is the normalised document in the end. What is wrong with it is
// added to the problems, with what to write instead, and reading goes on: following all of that advice at
// once has to give a document that is accepted.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include <libxml/tree.h>

#include "domain-xml/domain_definition.hpp"
#include "domain-xml/xml/problems.hpp"

namespace virtsev::domain_xml {

/// <domain type=...>: the root itself.
void read_domain_type(xmlNode* domain, Problems& problems);
/// <name>, <uuid>, <title>, <description>.
void read_general(xmlNode* domain, DomainDefinition& definition, Problems& problems);
/// <memory>, <currentMemory>.
void read_memory(xmlNode* domain, DomainDefinition& definition, Problems& problems);
/// <vcpu>, <vcpus>, and <cpu><topology>, which has to agree.
void read_vcpus(xmlNode* domain, DomainDefinition& definition, Problems& problems);
/// <vcpu cpuset>, <cputune><vcpupin>, <emulatorpin>; after read_vcpus.
void read_cpu_placement(xmlNode* domain, DomainDefinition& definition, Problems& problems);
void read_os(xmlNode* domain, DomainDefinition& definition, Problems& problems);
/// After read_launch_security: SEV-ES has reasons of its own against some (rules/sev_es.cpp).
void read_features(xmlNode* domain, const DomainDefinition& definition, Problems& problems);
void read_clock(xmlNode* domain, Problems& problems);
/// <on_poweroff>, <on_reboot>, <on_crash>, <virtsev:reboot>; after read_launch_security, which decides a
/// default.
void read_lifecycle(xmlNode* domain, DomainDefinition& definition, Problems& problems);
/// `keep_aliases`: as ParseOptions has it.
void read_devices(xmlNode* domain, DomainDefinition& definition, bool keep_aliases, Problems& problems);
/// <serial> and <console> within <devices>.
void read_serials(xmlNode* devices, DomainDefinition& definition, Problems& problems);
/// <console> and <channel> of target type virtio within <devices>; after read_serials.
void read_ports(xmlNode* devices, DomainDefinition& definition, Problems& problems);
void read_launch_security(xmlNode* domain, DomainDefinition& definition, Problems& problems);

/// The definition of a tree that was one, and was changed. Throws Error where it no longer passes.
DomainDefinition parse_again(const xmlNode* domain);

/// Why this can't be a domain's title; empty: it can.
std::string reason_against_title(const std::string& title);

/// libvirt's order of the elements of a domain; others stand between the known ones and <launchSecurity>.
void put_in_order(xmlNode* domain);
/// libvirt's order of elements within `parent`, those that are not named last.
void put_in_order(xmlNode* parent, std::initializer_list<std::string_view> order);

}  // namespace virtsev::domain_xml
