// SPDX-License-Identifier: LGPL-2.1-or-later
// <on_poweroff>, <on_reboot>, <on_crash>, <virtsev:reboot>: what happens when a guest ends by itself.
#include <optional>

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
    return fallback;  // Not written down: with other protection, the same document means another one
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

/// <virtsev:reboot action='...'>: whether an SEV-ES guest that reboots is launched again.
std::optional<bool> read_relaunch(const xmlNode* domain, Problems& problems) {
  std::optional<bool> relaunch;
  for (const xmlNode* own : own_elements(domain)) {
    const std::string action = attribute(own, "action").value_or("");
    const std::string_view name = reinterpret_cast<const char*>(own->name);
    if (name == "protection") {
      continue;  // rules/protection.cpp
    }
    if (name != "reboot") {
      problems.add(ErrorCode::kConfigUnsupported, own,
                   text("virtsev does not know this element here; remove it"));
    } else if (action != "relaunch" && action != "destroy") {
      problems.add(ErrorCode::kXmlError, own,
                   text("action='{}' is not there; write action='relaunch' or action='destroy'", action));
    } else if (relaunch) {
      problems.add(ErrorCode::kXmlError, own, text("there is one before it; remove the element"));
    } else {
      relaunch = action == "relaunch";
    }
  }
  return relaunch;
}

/// Both say what a reboot is: they have to agree.
void check_relaunch(xmlNode* domain, bool relaunch, Problems& problems) {
  const xmlNode* on_reboot = only_child(domain, "on_reboot", problems);
  if (on_reboot != nullptr && relaunch != (trimmed(on_reboot) == "restart")) {
    problems.add(ErrorCode::kXmlError, on_reboot,
                 text("'{}' is not what <virtsev:reboot> says; remove this element", trimmed(on_reboot)));
  }
}

}  // namespace

void read_lifecycle(xmlNode* domain, DomainDefinition& definition, Problems& problems) {
  const bool es = is_sev_es(definition);
  const auto read = [&](const char* name, LifecycleAction fallback) {
    return read_action(domain, name, fallback, es, problems);
  };
  definition.on_poweroff = read("on_poweroff", LifecycleAction::kDestroy);
  const std::optional<bool> relaunch = read_relaunch(domain, problems);
  if (relaunch) {
    check_relaunch(domain, *relaunch, problems);
  }
  definition.reboot_chosen = relaunch || !children_named(domain, "on_reboot").empty();
  definition.on_reboot =
      read("on_reboot", relaunch.value_or(!es) ? LifecycleAction::kRestart : LifecycleAction::kDestroy);
  definition.on_crash = read("on_crash", LifecycleAction::kDestroy);
}

}  // namespace virtsev::domain_xml
