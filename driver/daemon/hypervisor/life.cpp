// SPDX-License-Identifier: LGPL-2.1-or-later
// The Driver's calls that start, change and end runs.
#include <libvirt/libvirt.h>

#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/hypervisor/hypervisor.hpp"
#include "driver/daemon/lifecycle/launch_security.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

Lifecycle::StartOptions options_of(Flags flags, ConnectionId owner) {
  Lifecycle::StartOptions options;
  options.paused = (flags & VIR_DOMAIN_START_PAUSED) != 0;
  if ((flags & VIR_DOMAIN_START_AUTODESTROY) != 0) {
    options.auto_destroy = owner;
  }
  return options;
}

void refuse_active(const Domain& domain) {
  if (domain.active()) {
    throw Error(ErrorCode::kOperationInvalid,
                text("Requested operation is not valid: domain '{}' is already running", domain.name));
  }
}

// virDomainShutdownFlagValues and virDomainRebootFlagValues have the same numbers for these two.
constexpr std::uint32_t kPowerButton = VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN;
constexpr std::uint32_t kByAgent = VIR_DOMAIN_SHUTDOWN_GUEST_AGENT;

// By the agent where that is asked for, by the power button else; where both are allowed, the agent first.
asio::awaitable<void> by_mode(Flags flags, std::function<asio::awaitable<void>()> by_agent,
                              std::function<asio::awaitable<void>()> by_button) {
  if ((flags & kByAgent) != 0) {
    try {
      co_await by_agent();
      co_return;
    } catch (const Error&) {
      if ((flags & kPowerButton) == 0) {
        throw;
      }
    }
  } else if (flags != 0 && (flags & kPowerButton) == 0) {
    throw Error(ErrorCode::kArgumentUnsupported,
                text("a guest is asked by its power button or by the agent in it; use --mode acpi or --mode "
                     "agent"));
  }
  co_await by_button();
}

// Who asked for no protection is told why the host should give any.
[[noreturn]] void rethrow_with_default(const Error& failure, const std::string& xml,
                                       const Configuration& settings) {
  const bool of_protection = failure.code() == ErrorCode::kOperationUnsupported;
  if (!of_protection || !settings.default_launch_security || domain_xml::says_protection(xml)) {
    throw Error(failure);
  }
  throw Error(failure.code(), text("{} (the guest is protected by default_launch_security in {})",
                                   failure.what(), settings.file));
}

}  // namespace

asio::awaitable<DomainHandle> Hypervisor::create(std::string xml, Flags flags, ConnectionId owner) {
  const DefinitionPtr definition = co_await definitions_.parse(xml, (flags & VIR_DOMAIN_START_VALIDATE) != 0);
  for (;;) {
    const DomainPtr domain = context_.domains.find_or_add(definition->uuid, definition->name);
    const auto turn = co_await domain->jobs->take();
    if (domain->removed || domain->name != definition->name) {
      continue;
    }
    refuse_active(*domain);
    try {
      co_await lifecycle_.start(domain, definition, options_of(flags, owner));
    } catch (const Error& failure) {
      rethrow_with_default(failure, xml, context_.configuration);
    }
    co_return domain->handle();
  }
}

asio::awaitable<DomainHandle> Hypervisor::start(Uuid uuid, Flags flags, ConnectionId owner) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  const auto turn = co_await domain->jobs->take();
  refuse_active(*domain);
  require_usable(*domain);
  if (!domain->definition) {
    throw Error(ErrorCode::kNoDomain, text("Domain not found: '{}' was undefined meanwhile", domain->name));
  }
  co_await lifecycle_.start(domain, domain->definition, options_of(flags, owner));
  co_return domain->handle();
}

asio::awaitable<void> Hypervisor::suspend(Uuid domain) {
  return lifecycle_.suspend(context_.domains.by_uuid(domain));
}
asio::awaitable<void> Hypervisor::resume(Uuid domain) {
  return lifecycle_.resume(context_.domains.by_uuid(domain));
}

asio::awaitable<void> Hypervisor::shutdown(Uuid uuid, Flags flags) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  return by_mode(
      flags, [this, domain] { return lifecycle_.shutdown_by_agent(domain); },
      [this, domain] { return lifecycle_.shutdown(domain); });
}

asio::awaitable<void> Hypervisor::reboot(Uuid uuid, Flags flags) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  return by_mode(
      flags, [this, domain] { return lifecycle_.reboot_by_agent(domain); },
      [this, domain] { return lifecycle_.reboot(domain); });
}

asio::awaitable<void> Hypervisor::reset(Uuid domain, Flags) {
  return lifecycle_.reset(context_.domains.by_uuid(domain));
}

asio::awaitable<void> Hypervisor::destroy(Uuid domain, Flags flags) {
  return lifecycle_.destroy(context_.domains.by_uuid(domain), (flags & VIR_DOMAIN_DESTROY_GRACEFUL) != 0);
}

void Hypervisor::connection_closed(ConnectionId owner) { lifecycle_.connection_closed(owner); }

asio::awaitable<void> Hypervisor::set_launch_security_state(Uuid domain,
                                                            std::vector<TypedParameter> parameters) {
  return lifecycle_.inject_secret(context_.domains.by_uuid(domain), secret_from(parameters));
}

}  // namespace virtsev::daemon
