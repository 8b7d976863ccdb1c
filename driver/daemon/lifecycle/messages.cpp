// SPDX-License-Identifier: LGPL-2.1-or-later
// What a domain's user should know and may not have asked.
#include "driver/daemon/base/log.hpp"
#include "driver/daemon/lifecycle/definitions.hpp"
#include "driver/daemon/lifecycle/statistics.hpp"
#include "driver/daemon/lifecycle/unanswered_shutdown.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

// A monitor that works answers within milliseconds.
constexpr std::chrono::seconds kSoon{2};

}  // namespace

std::string list_of_not_used(const domain_xml::DomainDefinition& definition) {
  std::string list;
  for (const std::string& each : definition.not_used) {
    list += (list.empty() ? "" : ", ") + each;
  }
  return list;
}

void log_not_used(const domain_xml::DomainDefinition& definition) {
  if (!definition.not_used.empty()) {
    log_warning(text("domain '{}': taken and not used: {}", definition.name, list_of_not_used(definition)));
  }
}

std::vector<std::string> messages_of(const Domain& domain, const Configuration& settings) {
  std::vector<std::string> messages;
  if (!domain.stored_problem.empty()) {
    messages.push_back(text("Its stored definition can't be used: {}", domain.stored_problem));
  }
  if (domain.run && !domain.run->definition_problem.empty()) {
    messages.push_back(
        text("The definition that it runs with can't be used any more: {}; it can be looked at and "
             "ended, and not launched again",
             domain.run->definition_problem));
  }
  const DefinitionPtr definition = definition_of(domain, false);
  if (definition && !definition->launch_security) {
    messages.push_back(text("tainted: no <launchSecurity>: the host may read and change the guest's memory"));
    if (settings.default_launch_security && !definition->unprotected_chosen) {
      messages.push_back(
          text("It was stored without protection before, so default_launch_security in {} does not count for "
               "it; add <launchSecurity type='sev'><policy>0x{:04x}</policy></launchSecurity> to protect it, "
               "or <virtsev:protection type='none'/> to leave it as it is",
               settings.file, settings.default_launch_security->value()));
    }
  } else if (definition && domain_xml::host_may_debug(*definition)) {
    messages.push_back(
        text("tainted: the policy allows debugging (NODBG, bit 0, is clear): the host may read the guest's "
             "memory"));
  }
  if (definition && !definition->not_used.empty()) {
    messages.push_back(text("taken and not used: {}", list_of_not_used(*definition)));
  }
  if (domain.run) {
    if (definition && definition->launch_security &&
        domain.run->launch.platform == control::Platform::kSimulated) {
      messages.push_back(
          text("tainted: the platform is simulated: the guest's memory is not encrypted, nothing protects it "
               "from the "
               "host"));
    }
    if (const auto& monitor = domain.run->monitor; monitor && monitor->owes_for() >= kSoon) {
      messages.push_back(text(
          "Its monitor has not answered for {} s: what is shown is what it said last; it is left as it is, "
          "and its guest with it; `virsh destroy` ends both",
          std::chrono::floor<std::chrono::seconds>(monitor->owes_for()).count()));
    }
    if (const auto waited = unanswered_shutdown(*domain.run);
        waited && *waited >= settings.shutdown_notice_seconds) {
      messages.push_back(text(
          "It was asked to shut down {} s ago, and still runs; a guest without acpid or systemd takes no "
          "notice of its power button; `virsh destroy` ends it",
          *waited));
    }
    if (!domain.run->console_silent.empty()) {
      messages.push_back(text("Its console is silent: {}", domain.run->console_silent));
    }
  } else if (!domain.last_failure.empty()) {
    messages.push_back(text("Its last run ended by itself: {}", domain.last_failure));
  }
  return messages;
}

}  // namespace virtsev::daemon
