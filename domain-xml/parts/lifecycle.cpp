// SPDX-License-Identifier: LGPL-2.1-or-later
// <on_poweroff>, <on_reboot>, <on_crash>: what happens when a guest ends by itself.
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/rules/rules.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

const char* name_of(LifecycleAction action) {
  switch (action) {
    case LifecycleAction::kDestroy:
      return "destroy";
    case LifecycleAction::kRestart:
      return "restart";
    case LifecycleAction::kPreserve:
      return "preserve";
  }
  return "";
}

LifecycleAction read_action(xmlNode* domain, const char* name, LifecycleAction fallback, bool sev_es,
                            Problems& problems) {
  xmlNode* element = only_child(domain, name, problems);
  if (element == nullptr) {
    set_content(add_element(domain, name), name_of(fallback));
    return fallback;
  }
  const std::string written = trimmed(element);
  for (const LifecycleAction action :
       {LifecycleAction::kDestroy, LifecycleAction::kRestart, LifecycleAction::kPreserve}) {
    if (written == name_of(action)) {
      set_content(element, written);
      return action;
    }
  }
  problems.add(ErrorCode::kConfigUnsupported, element,
               sev_es ? text("'{}' is not offered; write 'destroy' or 'preserve'", written)
                      : text("'{}' is not offered; write 'destroy', 'restart' or 'preserve'", written));
  return fallback;
}

}  // namespace

void read_lifecycle(xmlNode* domain, DomainDefinition& definition, Problems& problems) {
  const bool es = is_sev_es(definition);
  const auto read = [&](const char* name, LifecycleAction fallback) {
    return read_action(domain, name, fallback, es, problems);
  };
  definition.on_poweroff = read("on_poweroff", LifecycleAction::kDestroy);
  definition.on_reboot = read("on_reboot", es ? LifecycleAction::kDestroy : LifecycleAction::kRestart);
  definition.on_crash = read("on_crash", LifecycleAction::kDestroy);
}

}  // namespace virtsev::domain_xml
