// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string_view>

#include "domain-xml/rules/rules.hpp"
#include "domain-xml/xml/document.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {

namespace {

/// <virtsev:protection>: the first; null: there is none.
const xmlNode* own_protection(const xmlNode* domain) {
  for (const xmlNode* own : own_elements(domain)) {
    if (std::string_view(reinterpret_cast<const char*>(own->name)) == "protection") {
      return own;
    }
  }
  return nullptr;
}

void check_own(const xmlNode* protection, bool has_launch_security, const ParseOptions& options,
               Problems& problems) {
  const std::string type = attribute(protection, "type").value_or("");
  if (type != "none") {
    problems.add(ErrorCode::kXmlError, protection,
                 text("type='{}' is not there; write type='none' for a guest without protection, or "
                      "<launchSecurity> for one with it, and remove the element",
                      type));
  } else if (has_launch_security) {
    problems.add(ErrorCode::kXmlError, protection,
                 text("<launchSecurity> says that the guest is protected; remove one of both"));
  } else if (!options.allow_unprotected) {
    problems.add(ErrorCode::kConfigUnsupported, protection,
                 text("guests without protection, which the host could read, are not taken here; remove the "
                      "element and write <launchSecurity>, or set allow_unprotected = 1 in virtsevd.conf"));
  }
}

}  // namespace

bool add_default_protection(xmlNode* domain, const ParseOptions& options) {
  if (!options.default_policy || !children_named(domain, "launchSecurity").empty() ||
      own_protection(domain) != nullptr) {
    return false;
  }
  xmlNode* security = add_element(domain, "launchSecurity");
  set_attribute(security, "type", "sev");
  set_content(add_element(security, "policy"), fmt::format("0x{:04x}", options.default_policy->value()));
  return true;
}

void check_protection(const xmlNode* domain, const ParseOptions& options, DomainDefinition& definition,
                      Problems& problems) {
  const bool has_launch_security = !children_named(domain, "launchSecurity").empty();
  if (const xmlNode* protection = own_protection(domain)) {
    check_own(protection, has_launch_security, options, problems);
    definition.unprotected_chosen = true;
    return;
  }
  if (options.allow_unprotected || has_launch_security) {
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

bool says_protection(const std::string& xml) {
  try {
    const Document document = read_document(xml);
    xmlNode* domain = xmlDocGetRootElement(document.get());
    Problems misspelt;
    check_spelling(domain, misspelt);
    return !misspelt.empty() || !children_named(domain, "launchSecurity").empty() ||
           own_protection(domain) != nullptr;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace virtsev::domain_xml
