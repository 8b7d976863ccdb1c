// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules that no single part of a definition can decide. What breaks one is added to the problems.
#pragma once

#include <libxml/tree.h>

#include "domain-xml/domain_definition.hpp"
#include "domain-xml/xml/problems.hpp"

namespace virtsev::domain_xml {

/// No unprotected guest by accident.
void check_protection(const xmlNode* domain, const ParseOptions& options, Problems& problems);

/// <launchSecurity> misspelt, or elsewhere than in <domain>, is a problem: nobody who wrote one is to get an
/// unprotected guest. The first such child of `domain` is renamed where there is none that is right.
void check_spelling(xmlNode* domain, Problems& problems);

/// What an SEV-ES guest (policy bit 2) can't have: its registers are encrypted, and set once. Does nothing
/// for others.
void check_sev_es(const xmlNode* domain, const DomainDefinition& definition, Problems& problems);

/// True where the document has something of that: SEV-ES can't be advised alone then.
bool has_what_sev_es_forbids(const xmlNode* domain);

bool is_sev_es(const DomainDefinition& definition);

}  // namespace virtsev::domain_xml
