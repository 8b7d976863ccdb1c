// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/rules/rules.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

/// Who wrote no policy is told where it comes from.
void refuse(const xmlNode* element, const std::string& reason, const ParseOptions& options,
            Problems& problems) {
  const bool by_default = options.default_policy.has_value();
  problems.add(ErrorCode::kConfigUnsupported, element,
               by_default ? text("{} (it is one by default_launch_security in {})", reason,
                                 options.default_policy_from)
                          : reason);
}

/// KVM refuses SMM for SEV-ES guests: entering it means to save and load registers that the host can't see.
void check_smm(const xmlNode* features, const ParseOptions& options, Problems& problems) {
  const xmlNode* smm = only_child(features, "smm", problems);
  if (smm != nullptr && attribute(smm, "state").value_or("on") != "off") {
    refuse(smm,
           text("an SEV-ES guest (policy bit 2) can't have system management mode, which saves and loads "
                "registers that "
                "the host can't see; write <smm state='off'/>, or remove the element"),
           options, problems);
  }
}

void check_irqchip(const xmlNode* features, const ParseOptions& options, Problems& problems) {
  const xmlNode* ioapic = only_child(features, "ioapic", problems);
  if (ioapic != nullptr && attribute(ioapic, "driver") == "qemu") {
    refuse(ioapic,
           text("an SEV-ES guest (policy bit 2) needs the kernel's interrupt controllers: one in user space "
                "has to read "
                "registers that the host can't see; write <ioapic driver='kvm'/>, or remove the element"),
           options, problems);
  }
}

/// Whether what virtsevd does at a reboot, a new launch under the same id, was asked for.
bool relaunch_is_wanted(const xmlNode* domain, const ParseOptions& options) {
  for (const xmlNode* own : own_elements(domain)) {
    if (attribute(own, "action") == "relaunch") {
      return true;
    }
  }
  return options.sev_es_relaunch;
}

void check_lifecycle(const xmlNode* domain, const char* name, const ParseOptions& options,
                     Problems& problems) {
  const xmlNode* action = only_child(domain, name, problems);
  if (action == nullptr || trimmed(action) != "restart") {
    return;
  }
  if (!is_element(action, "on_reboot")) {
    refuse(action,
           text("an SEV-ES guest (policy bit 2) can't be restarted in place: its registers were "
                "encrypted and measured at "
                "launch, and can't be set again; write <{0}>destroy</{0}>, and start it again",
                name),
           options, problems);
  } else if (!relaunch_is_wanted(domain, options)) {
    refuse(
        action,
        text("an SEV-ES guest (policy bit 2) can't be restarted in place: its registers were encrypted and "
             "measured at launch, and can't be set again; write <on_reboot>destroy</on_reboot>, or ask for a "
             "new launch, measured again: <virtsev:reboot xmlns:virtsev='{}' action='relaunch'/>, or "
             "sev_es_reboot = \"relaunch\" in virtsevd.conf for all guests",
             kOwnNamespace),
        options, problems);
  }
}

void check_all(const xmlNode* domain, const ParseOptions& options, Problems& problems) {
  const xmlNode* features = only_child(domain, "features", problems);
  check_smm(features, options, problems);
  check_irqchip(features, options, problems);
  for (const char* name : {"on_poweroff", "on_reboot", "on_crash"}) {
    check_lifecycle(domain, name, options, problems);
  }
}

}  // namespace

bool is_sev_es(const DomainDefinition& definition) {
  return sevcore::encrypts_state(protection_of(definition));
}

void check_sev_es(const xmlNode* domain, const DomainDefinition& definition, const ParseOptions& options,
                  Problems& problems) {
  if (is_sev_es(definition)) {
    check_all(domain, options, problems);
  }
}

bool has_what_sev_es_forbids(const xmlNode* domain, const ParseOptions& options) {
  Problems found;
  check_all(domain, options, found);
  return !found.empty();
}

}  // namespace virtsev::domain_xml
