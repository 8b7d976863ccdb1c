// SPDX-License-Identifier: LGPL-2.1-or-later
// Holds a document against libvirt's own schema, as `virsh define --validate` asks for.
#pragma once

#include <string>

#include <libxml/tree.h>

namespace virtsev::domain_xml {

/// Where libvirt's packages put it.
inline constexpr const char* kDomainSchema = "/usr/share/libvirt/schemas/domain.rng";

/// Throws Error(kXmlInvalidSchema) with what the schema forbids and where, Error(kConfigUnsupported) where
/// there is no schema on this host.
void check_schema(xmlDoc* document, const std::string& schema_path = kDomainSchema);

}  // namespace virtsev::domain_xml
