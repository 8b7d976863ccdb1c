// SPDX-License-Identifier: LGPL-2.1-or-later
// Stored definitions, when the daemon starts.
#include "driver/daemon/lifecycle/definitions.hpp"
#include "driver/daemon/log.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

// The first UUID in a file that does not parse: its owner knows the domain by it.
Uuid uuid_in(const std::string& xml) {
  constexpr std::string_view kStart = "<uuid>";
  const std::size_t start = xml.find(kStart);
  if (start != std::string::npos) {
    const std::size_t end = xml.find('<', start + kStart.size());
    if (const auto uuid =
            domain_xml::parse_uuid(xml.substr(start + kStart.size(), end - start - kStart.size()))) {
      return *uuid;
    }
  }
  return domain_xml::random_uuid();
}

}  // namespace

void Definitions::load() {
  for (const StoredDefinition& stored : context_.store.load()) {
    try {
      load_one(stored);
    } catch (const Error& error) {
      log_error(text("the stored definition '{}' is left out: {}", stored.name, error.what()));
    }
  }
}

void Definitions::load_one(const StoredDefinition& stored) {
  DefinitionPtr definition;
  std::string problem = stored.problem;
  if (problem.empty()) {
    try {
      definition = std::make_shared<const domain_xml::DomainDefinition>(
          domain_xml::parse(stored.xml, {false, context_.configuration.allow_unprotected}));
      if (definition->name != stored.name) {
        problem = text("the file is named for '{}', but <name> in it is '{}'", stored.name, definition->name);
      }
    } catch (const Error& error) {
      problem = error.what();
    }
  }
  const bool good = problem.empty();
  const DomainPtr domain =
      context_.domains.find_or_add(good ? definition->uuid : uuid_in(stored.xml), stored.name);
  domain->persistent = true;
  domain->visible = true;
  domain->autostart = stored.autostart;
  if (good) {
    domain->definition = definition;
    return;
  }
  domain->stored_xml = stored.xml;
  domain->stored_problem = problem;
  log_error(text("the stored definition of domain '{}' can't be used: {}", stored.name, problem));
}

}  // namespace virtsev::daemon
