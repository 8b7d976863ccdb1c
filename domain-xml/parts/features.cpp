// SPDX-License-Identifier: LGPL-2.1-or-later
// <features> and <clock>.
#include "domain-xml/elements/elements.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/rules/rules.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

bool is_any(const xmlNode* element, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (is_element(element, name)) {
      return true;
    }
  }
  return false;
}

void check_feature(const xmlNode* feature, bool sev_es, Problems& problems) {
  // In every guest, or of no consequence to what it sees.
  if (is_any(feature, {"acpi", "apic", "pae", "hap", "pmu", "pvspinlock"})) {
    return;
  }
  if (is_element(feature, "ioapic")) {
    if (!sev_es && attribute(feature, "driver").value_or("kvm") != "kvm") {
      problems.add(
          ErrorCode::kConfigUnsupported, feature,
          text("virtsev's interrupt controllers are the kernel's; write <ioapic driver='kvm'/>, or remove "
               "the element"));
    }
    return;
  }
  if (is_element(feature, "smm") && sev_es) {
    return;
  }
  if (feature->ns != nullptr || find_row("features/" + name_of(feature)) == nullptr) {
    problems.add(ErrorCode::kConfigUnsupported, feature,
                 text("virtsev does not know this element here; remove it"));
  } else if (attribute(feature, "state") != "off") {
    problems.add(ErrorCode::kConfigUnsupported, feature,
                 text("virtsev's guests do not have this feature; remove the element"));
  }
}

}  // namespace

void read_features(xmlNode* domain, const DomainDefinition& definition, Problems& problems) {
  xmlNode* features = only_child(domain, "features", problems);
  elements_only(features, problems);
  for (const xmlNode* feature : child_elements(features)) {
    check_feature(feature, is_sev_es(definition), problems);
  }
}

void read_clock(xmlNode* domain, Problems& problems) {
  if (only_child(domain, "clock", problems) == nullptr) {
    set_attribute(add_element(domain, "clock"), "offset", "utc");
  }
}

}  // namespace virtsev::domain_xml
