// SPDX-License-Identifier: LGPL-2.1-or-later
// Holds a document against libvirt's own schema, as `virsh define --validate` asks for.
#pragma once

#include <string>

#include <libxml/tree.h>

#include "domain-xml/xml/problems.hpp"

namespace virtsev::domain_xml {

/// Where libvirt's packages put it.
inline constexpr const char* kDomainSchema = "/usr/share/libvirt/schemas/domain.rng";

/// What the schema forbids, and where, is a problem (kXmlInvalidSchema). Throws Error(kConfigUnsupported)
/// where there is no schema on this host.
void check_schema(xmlDoc* document, Problems& problems, const std::string& schema_path = kDomainSchema);

}  // namespace virtsev::domain_xml
