// SPDX-License-Identifier: LGPL-2.1-or-later
// Stored definitions, when the daemon starts.
#include "driver/daemon/base/log.hpp"
#include "driver/daemon/lifecycle/definitions.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

void Definitions::load() {
  for (const StoredDefinition& stored : context_.store.load()) {
    try {
      load_one(stored);
    } catch (const Error& error) {
      log_error(text("the stored definition '{}' is left out: {}", stored.name, error.what()));
    }
  }
}

// A rename that was cut off leaves two files that say the same under two names, the new name's written last.
// Two that differ in more are their owner's: the second is listed with the reason.
bool Definitions::ended_rename(const StoredDefinition& stored,
                               const domain_xml::DomainDefinition& definition) {
  const DomainPtr first = context_.domains.find(definition.uuid);
  if (!first || !first->definition || first->name == stored.name ||
      domain_xml::with_name(*first->definition, stored.name) != definition) {
    return false;
  }
  const bool keep_first = context_.store.is_newer(first->name, stored.name);
  const std::string kept = keep_first ? first->name : stored.name;
  const std::string dropped = keep_first ? stored.name : first->name;
  log_warning(text("domain '{}': its rename from '{}' was cut off, and is done now", kept, dropped));
  const bool autostart = first->autostart || stored.autostart;
  if (autostart) {
    context_.store.set_autostart(kept, true);
  }
  context_.store.remove(dropped);
  if (!keep_first) {
    context_.domains.rename(first, kept);
    first->definition = std::make_shared<const domain_xml::DomainDefinition>(definition);
  }
  first->autostart = autostart;
  return true;
}

void Definitions::load_one(const StoredDefinition& stored) {
  DefinitionPtr definition;
  std::string problem = stored.problem;
  if (problem.empty()) {
    try {
      definition = std::make_shared<const domain_xml::DomainDefinition>(
          domain_xml::parse(stored.xml, {.allow_unprotected = context_.configuration.allow_unprotected,
                                         .headless = context_.configuration.headless,
                                         .sev_es_relaunch = context_.configuration.sev_es_relaunch,
                                         .stored = true}));
      if (definition->name != stored.name) {
        problem = text("the file is named for '{}', but <name> in it is '{}'", stored.name, definition->name);
      }
    } catch (const Error& error) {
      problem = error.what();
    }
  }
  if (problem.empty() && ended_rename(stored, *definition)) {
    return;
  }
  // Its owner knows the domain by the UUID in the file, even where that does not pass.
  const auto identity = domain_xml::identity_of(stored.xml);
  std::optional<Uuid> uuid = definition ? std::optional(definition->uuid) : std::nullopt;
  if (!uuid && identity) {
    uuid = identity->uuid;
  }
  if (const DomainPtr other = uuid ? context_.domains.find(*uuid) : nullptr) {
    problem =
        problem.empty()
            ? text("its <uuid> is that of domain '{}'; give it another, or remove the element", other->name)
            : problem;
    uuid.reset();
  }
  const DomainPtr domain =
      context_.domains.find_or_add(uuid.value_or(domain_xml::random_uuid()), stored.name);
  domain->made_up_uuid = !uuid;
  domain->persistent = true;
  domain->visible = true;
  domain->autostart = stored.autostart;
  if (problem.empty()) {
    domain->definition = definition;
    return;
  }
  domain->stored_xml = stored.xml;
  domain->stored_problem = problem;
  log_error(text("the stored definition of domain '{}' can't be used: {}", stored.name, problem));
}

}  // namespace virtsev::daemon
