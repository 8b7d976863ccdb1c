// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/rules/rules.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {

void check_protection(const xmlNode* domain, const ParseOptions& options, Problems& problems) {
  if (options.allow_unprotected || !children_named(domain, "launchSecurity").empty()) {
    return;
  }
  // A policy that the rest of the document goes with.
  const char* policy = has_what_sev_es_forbids(domain, options) ? "0x0003" : "0x0007";
  problems.add(ErrorCode::kConfigUnsupported, domain,
               text("it has no <launchSecurity>, so the host could read the guest; add <launchSecurity "
                    "type='sev'><policy>{}</policy></launchSecurity>, or set allow_unprotected = 1 in "
                    "virtsevd.conf",
                    policy));
}

}  // namespace virtsev::domain_xml
