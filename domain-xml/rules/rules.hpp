// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules that no single part of a definition can decide.
#pragma once

#include <libxml/tree.h>

#include "domain-xml/domain_definition.hpp"

namespace virtsev::domain_xml {

/// No unprotected guest by accident. Throws Error(kConfigUnsupported).
void check_protection(const xmlNode* domain, const DomainDefinition& definition, const ParseOptions& options);

/// What an SEV-ES guest (policy bit 2) can't have: its registers are encrypted, and set once. Does nothing
/// for others. Throws Error(kConfigUnsupported).
void check_sev_es(const xmlNode* domain, const DomainDefinition& definition);

}  // namespace virtsev::domain_xml
