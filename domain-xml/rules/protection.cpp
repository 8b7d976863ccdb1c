// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/rules/rules.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {

void check_protection(const xmlNode* domain, const DomainDefinition& definition,
                      const ParseOptions& options) {
  if (!definition.launch_security && !options.allow_unprotected) {
    refuse(ErrorCode::kConfigUnsupported, domain,
           text("it has no <launchSecurity>, so the host could read the guest; add <launchSecurity "
                "type='sev'> with a "
                "<policy>, or set allow_unprotected = 1 in virtsevd.conf"));
  }
}

}  // namespace virtsev::domain_xml
