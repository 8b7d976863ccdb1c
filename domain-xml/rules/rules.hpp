// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules that no single part of a definition can decide. What breaks one is added to the problems.
#pragma once

#include <libxml/tree.h>

#include "domain-xml/domain_definition.hpp"
#include "domain-xml/xml/problems.hpp"

namespace virtsev::domain_xml {

/// Gives a document that says nothing of its protection the site's (ParseOptions::default_policy). True where
/// it did.
bool add_default_protection(xmlNode* domain, const ParseOptions& options);

/// No unprotected guest by accident. Reads <virtsev:protection> into `definition`.
void check_protection(const xmlNode* domain, const ParseOptions& options, DomainDefinition& definition,
                      Problems& problems);

/// <launchSecurity> misspelt, or elsewhere than in <domain>, is a problem: nobody who wrote one is to get an
/// unprotected guest. The first such child of `domain` is renamed where there is none that is right.
void check_spelling(xmlNode* domain, Problems& problems);

/// True for what a guest with a screen has: the screen itself, sound, USB and its redirection, keyboards and
/// tablets, the channels of remote desktops. A wizard writes them unasked.
bool is_for_a_screen(const xmlNode* device);
/// virtsev's guests have none of that. It is kept in a definition, and named as not used; without `headless`
/// each is a problem, as it is for who wants to be told before a guest is made.
void check_headless(const xmlNode* domain, const ParseOptions& options, Problems& problems);

/// What an SEV-ES guest (policy bit 2) can't have: its registers are encrypted, and set once. Does nothing
/// for others. `options.default_policy`: it is one by the site's default, which each problem then says.
void check_sev_es(const xmlNode* domain, const DomainDefinition& definition, const ParseOptions& options,
                  Problems& problems);

/// True where the document has something of that: SEV-ES can't be advised alone then.
bool has_what_sev_es_forbids(const xmlNode* domain, const ParseOptions& options = {});

bool is_sev_es(const DomainDefinition& definition);

}  // namespace virtsev::domain_xml
