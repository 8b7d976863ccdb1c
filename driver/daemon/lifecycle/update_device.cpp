// SPDX-License-Identifier: LGPL-2.1-or-later
// A device changed where it is: of a running guest, of its stored definition, or of both.
#include <libvirt/libvirt.h>

#include "domain-xml/device_changes.hpp"
#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"

namespace virtsev::daemon {
namespace {

using domain_xml::LinkChange;

/// The definitions to change, and what becomes of them; null: not that one.
struct Changes {
  DefinitionPtr live, config;
  std::vector<std::string> taps;  ///< Of the running guest
  LinkChange of_live, of_config;
};

void work_out(Changes& changes, const std::string& device) {
  if (changes.live) {
    changes.of_live = domain_xml::with_link_state(*changes.live, device, changes.taps);
  }
  if (changes.config) {
    changes.of_config = domain_xml::with_link_state(*changes.config, device, changes.taps);
  }
}

DefinitionPtr shared(const LinkChange& change) {
  return std::make_shared<const domain_xml::DomainDefinition>(change.definition);
}

}  // namespace

asio::awaitable<void> Lifecycle::update_device(DomainPtr domain, std::string device, std::uint32_t flags) {
  const auto turn = co_await domain->jobs->take();
  const Impact impact = impact_of(flags, *domain);
  const RunPtr run = domain->run;
  const auto changes = std::make_shared<Changes>();
  if (impact.live) {
    changes->live = run->definition;
    changes->taps = run->taps;
  }
  if (impact.config) {
    changes->config = domain->definition;
  }
  // Parsed and written out: not on the event loop. Whatever is refused is refused before anything changes.
  std::function<void()> work = [changes, document = std::move(device)] { work_out(*changes, document); };
  co_await context_.pool.run(std::move(work));
  if (impact.live) {
    if (domain->run != run) {
      refuse_ended();
    }
    const domain_xml::InterfaceDefinition& interface = changes->of_live.interface();
    control::Request request =
        control::SetLink{alias_in_use(interface, changes->of_live.number), interface.link_up};
    co_await ask(run, std::move(request));
    if (domain->run != run) {
      refuse_ended();
    }
    run->definition = shared(changes->of_live);
    save_status(domain);
  }
  if (impact.config) {
    co_await save_definition(domain, shared(changes->of_config));
  }
}

}  // namespace virtsev::daemon
