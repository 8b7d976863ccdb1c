// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/rules/rules.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

/// KVM refuses SMM for SEV-ES guests: entering it means to save and load registers that the host can't see.
void check_smm(const xmlNode* features) {
  const xmlNode* smm = only_child(features, "smm");
  if (smm != nullptr && attribute(smm, "state").value_or("on") != "off") {
    refuse(ErrorCode::kConfigUnsupported, smm,
           text("an SEV-ES guest (policy bit 2) can't have system management mode, which saves and loads "
                "registers that "
                "the host can't see; write <smm state='off'/>, or remove the element"));
  }
}

void check_irqchip(const xmlNode* features) {
  const xmlNode* ioapic = only_child(features, "ioapic");
  if (ioapic != nullptr && attribute(ioapic, "driver") == "qemu") {
    refuse(ErrorCode::kConfigUnsupported, ioapic,
           text("an SEV-ES guest (policy bit 2) needs the kernel's interrupt controllers: one in user space "
                "has to read "
                "registers that the host can't see; write <ioapic driver='kvm'/>, or remove the element"));
  }
}

void check_lifecycle(const xmlNode* domain, const char* name, LifecycleAction action) {
  if (action == LifecycleAction::kRestart) {
    refuse(ErrorCode::kConfigUnsupported, only_child(domain, name),
           text("an SEV-ES guest (policy bit 2) can't be restarted in place: its registers were encrypted "
                "and measured at "
                "launch, and can't be set again; write <{0}>destroy</{0}>, and start it anew",
                name));
  }
}

}  // namespace

void check_sev_es(const xmlNode* domain, const DomainDefinition& definition) {
  if (!definition.launch_security || !definition.launch_security->policy.has(sevcore::PolicyBit::kEs)) {
    return;
  }
  const xmlNode* features = only_child(domain, "features");
  check_smm(features);
  check_irqchip(features);
  check_lifecycle(domain, "on_poweroff", definition.on_poweroff);
  check_lifecycle(domain, "on_reboot", definition.on_reboot);
  check_lifecycle(domain, "on_crash", definition.on_crash);
}

}  // namespace virtsev::domain_xml
