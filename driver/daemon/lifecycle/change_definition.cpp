// SPDX-License-Identifier: LGPL-2.1-or-later
// The stored definition changed by a call of its own. A running guest stays what it was launched as.
#include <array>

#include <libvirt/libvirt.h>

#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/lifecycle/definitions.hpp"
#include "driver/daemon/lifecycle/statistics.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::uint32_t kImpact = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG;

template <typename Names>
const char* name_in(const Names& names, std::uint32_t number, const char* what) {
  if (number >= names.size()) {
    throw Error(ErrorCode::kInvalidArgument, text("invalid argument: there is no {} {}", what, number));
  }
  return names[number];
}

}  // namespace

asio::awaitable<void> Definitions::change(DomainPtr domain, std::uint32_t flags, std::string against_live,
                                          Change change) {
  const auto turn = co_await domain->jobs->take();
  if (impact_of(flags & kImpact, *domain).live) {
    throw Error(ErrorCode::kNoSupport, against_live);
  }
  const auto changed = std::make_shared<DefinitionPtr>();
  std::function<void()> work = [store = &context_.store, name = domain->name, before = domain->definition,
                                changed, change] {
    *changed = std::make_shared<const domain_xml::DomainDefinition>(change(*before));
    store->save(name, domain_xml::format(**changed));
  };
  co_await context_.pool.run(std::move(work));
  domain->definition = *changed;
  log_not_used(*domain->definition);
  context_.emit(domain->handle(), VIR_DOMAIN_EVENT_DEFINED, VIR_DOMAIN_EVENT_DEFINED_UPDATED);
}

// libvirt has two numbers, of vCPUs that are there and that can be. Here they are one: all are there from the
// start.
asio::awaitable<void> Definitions::set_vcpus(DomainPtr domain, std::uint32_t count, std::uint32_t flags) {
  if ((flags & (VIR_DOMAIN_VCPU_GUEST | VIR_DOMAIN_VCPU_HOTPLUGGABLE)) != 0) {
    throw Error(ErrorCode::kNoSupport,
                text("virtsev takes no vCPU from a running guest and gives it none: use only --config"));
  }
  Change with = [count](const domain_xml::DomainDefinition& before) {
    return domain_xml::with_vcpus(before, count);
  };
  co_await change(
      std::move(domain), flags,
      text("the vCPUs of an SEV guest are measured when it is launched: change them with --config, "
           "or <vcpu> with virsh edit, and start the domain again"),
      std::move(with));
}

asio::awaitable<void> Definitions::set_memory(DomainPtr domain, std::uint64_t kib, std::uint32_t flags) {
  const bool maximum = (flags & VIR_DOMAIN_MEM_MAXIMUM) != 0;
  Change with = [kib, maximum](const domain_xml::DomainDefinition& before) {
    return maximum ? domain_xml::with_memory(before, kib) : domain_xml::with_current_memory(before, kib);
  };
  co_await change(std::move(domain), flags,
                  text("the memory of an SEV guest is fixed when it is launched: change it with --config, or "
                       "<memory> with virsh edit, and start the domain again"),
                  std::move(with));
}

asio::awaitable<void> Definitions::set_lifecycle_action(DomainPtr domain, std::uint32_t type,
                                                        std::uint32_t action, std::uint32_t flags) {
  // virDomainLifecycle, virDomainLifecycleAction.
  constexpr std::array kElements = {"on_poweroff", "on_reboot", "on_crash"};
  constexpr std::array kActions = {"destroy",  "restart",          "rename-restart",
                                   "preserve", "coredump-destroy", "coredump-restart"};
  const char* element = name_in(kElements, type, "virDomainLifecycle");
  const char* name = name_in(kActions, action, "virDomainLifecycleAction");
  Change with = [element, name, relaunch = context_.configuration.sev_es_relaunch](
                    const domain_xml::DomainDefinition& before) {
    return domain_xml::with_lifecycle_action(before, element, name, relaunch);
  };
  co_await change(
      std::move(domain), flags,
      text("a running guest keeps the actions that it was started with: change them with --config, "
           "and start the domain again"),
      std::move(with));
}

}  // namespace virtsev::daemon
