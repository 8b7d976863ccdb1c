// SPDX-License-Identifier: LGPL-2.1-or-later
// <features> and <clock>.
#include "domain-xml/parts/parts.hpp"
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

void check_feature(const xmlNode* feature) {
  // In every guest, or of no consequence to what it sees.
  if (is_any(feature, {"acpi", "apic", "pae", "hap", "pmu", "pvspinlock"})) {
    return;
  }
  // SEV-ES has reasons of its own against these (rules/sev_es.cpp), which are looked at before.
  if (is_element(feature, "ioapic")) {
    if (attribute(feature, "driver").value_or("kvm") != "kvm") {
      refuse(ErrorCode::kConfigUnsupported, feature,
             text("virtsev's interrupt controllers are the kernel's; write <ioapic driver='kvm'/>, or remove "
                  "the element"));
    }
    return;
  }
  if (!is_any(feature, {"smm",       "vmport",         "hyperv",     "viridian", "kvm",        "xen",
                        "privnet",   "capabilities",   "gic",        "hpt",      "vmcoreinfo", "htm",
                        "nested-hv", "msrs",           "ccf-assist", "cfpc",     "sbbc",       "ibs",
                        "tcg",       "async-teardown", "ras",        "ps2",      "aia"})) {
    refuse(ErrorCode::kConfigUnsupported, feature,
           text("virtsev does not know this element here; remove it"));
  }
  if (attribute(feature, "state") != "off") {
    refuse(ErrorCode::kConfigUnsupported, feature,
           text("virtsev's guests do not have this feature; remove the element"));
  }
}

}  // namespace

void read_features(xmlNode* domain) {
  xmlNode* features = only_child(domain, "features");
  elements_only(features);
  for (const xmlNode* feature : child_elements(features)) {
    check_feature(feature);
  }
}

void read_clock(xmlNode* domain) {
  if (only_child(domain, "clock") == nullptr) {
    set_attribute(add_element(domain, "clock"), "offset", "utc");
  }
}

}  // namespace virtsev::domain_xml
