// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/lifecycle/definitions.hpp"

#include <libvirt/libvirt.h>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/lifecycle/statistics.hpp"
#include "sevcore/base/printable.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

void require_persistent(const Domain& domain, const std::string& what) {
  if (!domain.persistent) {
    throw Error(ErrorCode::kOperationInvalid, text("Requested operation is not valid: {}", what));
  }
}

// Clients show names as they are. One that is stored already stays.
void refuse_unprintable(const std::string& name) {
  if (const std::string fit = printable_line(name); fit != name) {
    throw Error(ErrorCode::kXmlError,
                text("<name>: '{}' has characters that would control a terminal, or that are not UTF-8 ('?' "
                     "stands for each); give the domain another name",
                     fit));
  }
}

}  // namespace

void require_usable(const Domain& domain) {
  if (!domain.definition && !domain.stored_problem.empty()) {
    throw Error(
        ErrorCode::kConfigUnsupported,
        text("the stored definition of domain '{}' can't be used: {}; correct it with `virsh edit {}`",
             domain.name, domain.stored_problem, domain.name));
  }
}

DefinitionPtr definition_of(const Domain& domain, bool inactive) {
  if (domain.run && (!inactive || !domain.persistent)) {
    return domain.run->definition;
  }
  return domain.definition;
}

// A stored guest without protection stays one where that is allowed: what its disks hold was made so.
bool Definitions::is_stored_unprotected(const std::optional<domain_xml::Identity>& identity) const {
  const DomainPtr domain = identity ? context_.domains.find(identity->uuid) : nullptr;
  if (!domain || !domain->persistent) {
    return false;
  }
  return domain->definition ? !domain->definition->launch_security
                            : !domain_xml::says_protection(domain->stored_xml);
}

asio::awaitable<DefinitionPtr> Definitions::parse(std::string xml, bool validate) {
  const Configuration& settings = context_.configuration;
  domain_xml::ParseOptions options{.validate_schema = validate,
                                   .allow_unprotected = settings.allow_unprotected,
                                   .default_policy = settings.default_launch_security,
                                   .default_policy_from = settings.file,
                                   .headless = settings.headless,
                                   .sev_es_relaunch = settings.sev_es_relaunch};
  const auto document = std::make_shared<const std::string>(std::move(xml));
  if (options.default_policy) {
    const auto identity = std::make_shared<std::optional<domain_xml::Identity>>();
    std::function<void()> look = [document, identity] { *identity = domain_xml::identity_of(*document); };
    co_await context_.pool.run(std::move(look));
    if (is_stored_unprotected(*identity)) {
      options.default_policy.reset();
    }
  }
  const auto parsed = std::make_shared<DefinitionPtr>();
  std::function<void()> work = [parsed, options, document] {
    *parsed = std::make_shared<const domain_xml::DomainDefinition>(domain_xml::parse(*document, options));
  };
  co_await context_.pool.run(std::move(work));
  refuse_unprintable((*parsed)->name);
  co_return *parsed;
}

asio::awaitable<DomainHandle> Definitions::define(std::string xml, std::uint32_t flags) {
  const DefinitionPtr definition = co_await parse(std::move(xml), (flags & VIR_DOMAIN_DEFINE_VALIDATE) != 0);
  for (;;) {
    const DomainPtr domain = context_.domains.find_or_add(definition->uuid, definition->name);
    const auto turn = co_await domain->jobs->take();
    if (domain->removed || domain->name != definition->name) {
      continue;  // Gone or renamed while we waited: the rules are asked again
    }
    std::exception_ptr failure;
    try {
      std::function<void()> save = [store = &context_.store, definition, known = domain->persistent] {
        const std::string document = domain_xml::format(*definition);
        known ? store->save(definition->name, document) : store->add(definition->name, document);
      };
      co_await context_.pool.run(std::move(save));
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      if (!domain->visible) {
        context_.domains.remove(domain);
      }
      std::rethrow_exception(failure);
    }
    const bool updated = domain->persistent;
    domain->definition = definition;
    domain->stored_problem.clear();
    domain->stored_xml.clear();
    domain->persistent = true;
    domain->visible = true;
    log_not_used(*definition);
    context_.emit(domain->handle(), VIR_DOMAIN_EVENT_DEFINED,
                  updated ? VIR_DOMAIN_EVENT_DEFINED_UPDATED : VIR_DOMAIN_EVENT_DEFINED_ADDED);
    co_return domain->handle();
  }
}

asio::awaitable<void> Definitions::undefine(DomainPtr domain) {
  const auto turn = co_await domain->jobs->take();
  require_persistent(*domain, text("cannot undefine transient domain"));
  std::function<void()> work = [store = &context_.store, name = domain->name] { store->remove(name); };
  co_await context_.pool.run(std::move(work));
  domain->persistent = false;
  domain->autostart = false;
  domain->definition.reset();
  domain->stored_problem.clear();
  domain->stored_xml.clear();
  context_.emit(domain->handle(), VIR_DOMAIN_EVENT_UNDEFINED, VIR_DOMAIN_EVENT_UNDEFINED_REMOVED);
  if (!domain->active()) {
    context_.domains.remove(domain);
  }
}

asio::awaitable<void> Definitions::rename(DomainPtr domain, std::string name, std::uint32_t flags) {
  check_flags(flags, 0, "virDomainRename");
  const auto turn = co_await domain->jobs->take();
  require_persistent(*domain, text("cannot rename a transient domain"));
  if (domain->active()) {
    throw Error(ErrorCode::kOperationInvalid,
                text("Requested operation is not valid: cannot rename active domain"));
  }
  require_usable(*domain);
  refuse_unprintable(name);
  if (name == domain->name) {
    throw Error(ErrorCode::kOperationInvalid, text("Can't rename domain to itself"));
  }
  const DomainHandle old = domain->handle();
  const auto renamed = std::make_shared<DefinitionPtr>();
  context_.domains.rename(domain, name);
  std::exception_ptr failure;
  try {
    std::function<void()> work = [store = &context_.store, old_name = old.name, name,
                                  autostart = domain->autostart, before = domain->definition, renamed] {
      *renamed = std::make_shared<const domain_xml::DomainDefinition>(domain_xml::with_name(*before, name));
      store->rename(old_name, name, domain_xml::format(**renamed), autostart);
    };
    co_await context_.pool.run(std::move(work));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    context_.domains.rename(domain, old.name);
    std::rethrow_exception(failure);
  }
  domain->definition = *renamed;
  context_.emit(old, VIR_DOMAIN_EVENT_UNDEFINED, VIR_DOMAIN_EVENT_UNDEFINED_RENAMED);
  context_.emit(domain->handle(), VIR_DOMAIN_EVENT_DEFINED, VIR_DOMAIN_EVENT_DEFINED_RENAMED);
}

asio::awaitable<void> Definitions::set_autostart(DomainPtr domain, bool on) {
  const auto turn = co_await domain->jobs->take();
  require_persistent(*domain, text("cannot set autostart for transient domain"));
  if (domain->autostart == on) {
    co_return;
  }
  std::function<void()> work = [store = &context_.store, name = domain->name, on] {
    store->set_autostart(name, on);
  };
  co_await context_.pool.run(std::move(work));
  domain->autostart = on;
}

asio::awaitable<void> Definitions::set_metadata(DomainPtr domain, Metadata metadata, std::uint32_t flags,
                                                bool& changed_live) {
  const auto turn = co_await domain->jobs->take();
  const Impact impact = impact_of(flags, *domain);
  // Parsed and written out again: not on the event loop.
  const auto live = std::make_shared<DefinitionPtr>(impact.live ? domain->run->definition : nullptr);
  const auto config = std::make_shared<DefinitionPtr>(impact.config ? domain->definition : nullptr);
  std::function<void()> work = [store = &context_.store, name = domain->name, metadata, live, config] {
    for (DefinitionPtr* const definition : {live.get(), config.get()}) {
      if (*definition) {
        *definition = std::make_shared<const domain_xml::DomainDefinition>(
            domain_xml::with_metadata(**definition, metadata.kind, metadata.value, metadata.key.value_or(""),
                                      metadata.uri.value_or("")));
      }
    }
    if (*config) {
      store->save(name, domain_xml::format(**config));
    }
  };
  co_await context_.pool.run(std::move(work));
  if (*config) {
    domain->definition = *config;
  }
  if (*live && domain->run) {
    domain->run->definition = *live;
    changed_live = true;
  }
  context_.emit(DomainEvent{domain->handle(), MetadataChangeEvent{metadata.kind, metadata.uri}});
}

}  // namespace virtsev::daemon
