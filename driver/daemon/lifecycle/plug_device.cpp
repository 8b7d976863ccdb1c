// SPDX-License-Identifier: LGPL-2.1-or-later
// Devices that come and go: of a stored definition, of a running guest, or of both. What the running guest
// has stands in its status file before its monitor is asked: whenever virtsevd ends, the next one finds out
// from the monitor what came of it.
#include <algorithm>
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <libvirt/libvirt.h>

#include "domain-xml/device_changes.hpp"
#include "driver/daemon/base/log.hpp"
#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "driver/daemon/lifecycle/opened_device.hpp"
#include "driver/daemon/lifecycle/start_message.hpp"
#include "driver/daemon/lifecycle/statistics.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

using domain_xml::LiveDevice;
using Kind = LiveDevice::Kind;

DefinitionPtr shared(domain_xml::DomainDefinition definition) {
  return std::make_shared<const domain_xml::DomainDefinition>(std::move(definition));
}

void require_hot_plug(const Run& run) {
  if (run.monitor && run.monitor->version() != 0 && run.monitor->version() < control::kHotPlugVersion) {
    throw Error(
        ErrorCode::kOperationUnsupported,
        text("the domain's monitor is older than virtsevd, and has no slots: start the domain again"));
  }
}

spec::DeviceDescription description_of(const domain_xml::LiveAttachment& attachment,
                                       const OpenedDevice& opened) {
  const std::size_t number = attachment.device.number;
  switch (attachment.device.kind) {
    case Kind::kDisk:
      return device_description(opened.disk);
    case Kind::kInterface:
      return device_description(attachment.definition.interfaces.at(number), number, opened.link);
    case Kind::kEntropy:
      break;
  }
  return device_description(attachment.definition.entropy.at(number), number);
}

void add_tap(Run& run, const LiveDevice& device, const std::string& tap) {
  if (device.kind == Kind::kInterface) {
    run.taps.resize(device.number);
    run.taps.push_back(tap);
  }
}

void remove_tap(Run& run, const LiveDevice& device) {
  if (device.kind == Kind::kInterface && device.number < run.taps.size()) {
    run.taps.erase(run.taps.begin() + static_cast<std::ptrdiff_t>(device.number));
  }
}

}  // namespace

asio::awaitable<void> Lifecycle::save_definition(DomainPtr domain, DefinitionPtr changed) {
  std::function<void()> save = [store = &context_.store, name = domain->name, changed] {
    store->save(name, domain_xml::format(*changed));
  };
  co_await context_.pool.run(std::move(save));
  domain->definition = changed;
  log_not_used(*domain->definition);
  context_.emit(domain->handle(), VIR_DOMAIN_EVENT_DEFINED, VIR_DOMAIN_EVENT_DEFINED_UPDATED);
}

// They come.

asio::awaitable<void> Lifecycle::attach_device(DomainPtr domain, std::string device, std::uint32_t flags) {
  const auto turn = co_await domain->jobs->take();
  const Impact impact = impact_of(flags, *domain);
  const RunPtr run = domain->run;
  if (impact.live) {
    require_hot_plug(*run);
  }
  struct Plan {
    DefinitionPtr live, config;
    domain_xml::LiveAttachment attachment;
    DefinitionPtr changed;
  };
  const auto plan = std::make_shared<Plan>();
  plan->live = impact.live ? run->definition : nullptr;
  plan->config = impact.config ? domain->definition : nullptr;
  // Parsed and written out: not on the event loop. Whatever is refused is refused before anything changes.
  std::function<void()> work = [plan, document = std::move(device)] {
    if (plan->live) {
      plan->attachment = domain_xml::with_live_device(*plan->live, document);
    }
    if (plan->config) {
      plan->changed = shared(domain_xml::with_device(*plan->config, document));
    }
  };
  co_await context_.pool.run(std::move(work));
  if (impact.live) {
    if (domain->run != run) {
      refuse_ended();
    }
    co_await plug(domain, run, plan->attachment);
  }
  if (impact.config) {
    co_await save_definition(domain, plan->changed);
  }
}

void Lifecycle::forget_host_side(Run& run, const LiveDevice& device) {
  remove_tap(run, device);
  const auto place = static_cast<std::uint8_t>(0x80 | device.port);
  run.volume_paths.erase(place);
  if (auto port = run.network_ports.extract(place)) {
    NetworkPorts ports;
    ports.insert(std::move(port));
    give_back(std::move(ports));
  }
}

asio::awaitable<void> Lifecycle::plug(DomainPtr domain, RunPtr run, domain_xml::LiveAttachment attachment) {
  const LiveDevice device = attachment.device;
  const auto opened = std::make_shared<OpenedDevice>();
  const auto plan = std::make_shared<const domain_xml::LiveAttachment>(std::move(attachment));
  const auto given_up = std::make_shared<Latch>(context_.io.get_executor());
  if (run->monitor) {
    run->monitor->ended().also_fire(given_up);
  }
  if (device.kind == Kind::kDisk) {
    opened->found_disk = plan->definition.disks.at(device.number);
    co_await open_disk(plan, opened, given_up);
  } else if (device.kind == Kind::kInterface) {
    opened->found_interface = plan->definition.interfaces.at(device.number);
    co_await open_interface(plan, opened, given_up);
  }
  if (domain->run != run) {
    give_back(std::exchange(opened->network_ports, {}));
    refuse_ended();
  }
  control::Request request = control::AttachDevice{description_of(*plan, *opened)};
  const DefinitionPtr before = run->definition;
  run->definition = shared(plan->definition);
  add_tap(*run, device, opened->link.tap);
  run->network_ports.merge(opened->network_ports);
  if (!opened->volume_path.empty()) {
    run->volume_paths[place_of(opened->found_disk)] = opened->volume_path;
  }
  save_status(domain);
  std::exception_ptr failure;
  bool undecided = false;
  try {
    co_await ask(run, std::move(request));
  } catch (const Error& error) {
    failure = std::current_exception();
    undecided =
        error.code() == ErrorCode::kOperationTimeout;  // It is found out when the monitor answers again
  }
  if (domain->run != run) {
    refuse_ended();
  }
  if (failure && !undecided) {
    run->definition = before;
    forget_host_side(*run, device);
    save_status(domain);
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
  log_info(text("domain '{}': {} has come", domain->name, device.alias));
  context_.emit(DomainEvent{domain->handle(), DeviceEvent{DeviceEvent::What::kAdded, device.alias}});
}

// They go.

/// Which device, and how it is found.
struct Lifecycle::Detachment {
  std::function<LiveDevice(const domain_xml::DomainDefinition&)> find;
  std::function<domain_xml::DomainDefinition(const domain_xml::DomainDefinition&)> without;
  bool waits = true;  ///< For the guest
  DefinitionPtr live, config, changed;
  LiveDevice device;
};

asio::awaitable<void> Lifecycle::detach_device(DomainPtr domain, std::string device, std::uint32_t flags) {
  auto what = std::make_shared<Detachment>();
  what->find = [device](const domain_xml::DomainDefinition& definition) {
    return domain_xml::live_device(definition, device);
  };
  what->without = [device](const domain_xml::DomainDefinition& definition) {
    return domain_xml::without_device(definition, device);
  };
  return detach(std::move(domain), flags, std::move(what));
}

asio::awaitable<void> Lifecycle::detach_device_alias(DomainPtr domain, std::string alias,
                                                     std::uint32_t flags) {
  auto what = std::make_shared<Detachment>();
  what->find = [alias](const domain_xml::DomainDefinition& definition) {
    auto found = domain_xml::device_of_alias(definition, alias);
    if (!found) {
      throw Error(ErrorCode::kOperationFailed,
                  text("the domain has no device with the alias '{}'; `virsh dumpxml` shows them", alias));
    }
    return std::move(*found);
  };
  what->without = [find = what->find](const domain_xml::DomainDefinition& definition) {
    return domain_xml::without_live_device(definition, find(definition));
  };
  what->waits = false;
  return detach(std::move(domain), flags, std::move(what));
}

asio::awaitable<void> Lifecycle::detach(DomainPtr domain, std::uint32_t flags,
                                        std::shared_ptr<Detachment> what) {
  auto turn = co_await domain->jobs->take();
  const Impact impact = impact_of(flags, *domain);
  const RunPtr run = domain->run;
  if (impact.live) {
    require_hot_plug(*run);
  }
  what->live = impact.live ? run->definition : nullptr;
  what->config = impact.config ? domain->definition : nullptr;
  std::function<void()> work = [what] {
    if (what->live) {
      what->device = what->find(*what->live);
    }
    if (what->config) {
      what->changed = shared(what->without(*what->config));
    }
  };
  co_await context_.pool.run(std::move(work));
  const std::string alias = what->device.alias;
  const auto gone = std::make_shared<Latch>(context_.io.get_executor());
  if (impact.live) {
    if (what->device.port == 0) {
      throw Error(ErrorCode::kOperationUnsupported,
                  text("{} is on the root bus, and stays while the guest runs: only what is behind a "
                       "pcie-root-port goes before",
                       alias));
    }
    if (domain->run != run) {
      refuse_ended();
    }
    std::shared_ptr<Latch>& leaving = run->leaving[alias];
    if (!leaving) {
      leaving = std::make_shared<Latch>(context_.io.get_executor());
    }
    leaving->also_fire(gone);
    control::Request request = control::DetachDevice{alias};
    co_await ask(run, std::move(request));
  }
  if (impact.config) {
    co_await save_definition(domain, what->changed);
  }
  const std::chrono::milliseconds limit(context_.configuration.device_removal_ms);
  turn.release();  // What comes of it needs the domain's turn
  if (!impact.live || !what->waits) {
    co_return;
  }
  const bool told = co_await gone->wait_for(limit);  // Of its end, or of the whole guest's
  if (domain->run != run) {
    refuse_ended();
  }
  if (told) {
    co_return;
  }
  context_.emit(DomainEvent{domain->handle(), DeviceEvent{DeviceEvent::What::kRemovalFailed, alias}});
  throw Error(
      ErrorCode::kOperationTimeout,
      text("the guest has not let go of {} for {} s; it was asked, and as soon as it does, the device "
           "goes, and the event device-removed tells so",
           alias, limit.count() / 1000));
}

void Lifecycle::take_guest_event(const DomainPtr& domain, const RunPtr& run, const control::Event& event) {
  if (std::holds_alternative<control::Panicked>(event)) {
    take_panic(domain, *run);
  }
  if (const auto* removed = std::get_if<control::DeviceRemoved>(&event)) {
    // Only what can be: a monitor may say anything, and as often as it likes.
    const auto device = domain_xml::device_of_alias(*run->definition, removed->id);
    if (device && device->port != 0 && run->removed.insert(removed->id).second) {
      asio::co_spawn(context_.io, on_removed(domain, run, removed->id), asio::detached);
    }
  }
}

asio::awaitable<void> Lifecycle::on_removed(DomainPtr domain, RunPtr run, std::string alias) {
  const auto queue = domain->jobs;
  const auto turn = co_await queue->take();
  run->removed.erase(alias);
  if (domain->run == run) {
    try {
      co_await forget_device(domain, run, alias);
    } catch (const Error& failure) {
      log_error(text("domain '{}': {} has gone, and can't be taken out of its definition: {}", domain->name,
                     alias, failure.what()));
    }
  }
}

asio::awaitable<void> Lifecycle::forget_device(DomainPtr domain, RunPtr run, std::string alias) {
  const auto device = domain_xml::device_of_alias(*run->definition, alias);
  if (!device || device->port == 0) {
    co_return;
  }
  const auto without = std::make_shared<DefinitionPtr>();
  std::function<void()> work = [without, before = run->definition, device] {
    *without = shared(domain_xml::without_live_device(*before, *device));
  };
  co_await context_.pool.run(std::move(work));
  if (domain->run != run) {
    co_return;
  }
  run->definition = *without;
  forget_host_side(*run, *device);
  save_status(domain);
  log_info(text("domain '{}': {} has gone", domain->name, alias));
  context_.emit(DomainEvent{domain->handle(), DeviceEvent{DeviceEvent::What::kRemoved, alias}});
  if (auto found = run->leaving.extract(alias)) {
    found.mapped()->fire();
  }
}

asio::awaitable<void> Lifecycle::forget_gone_devices(DomainPtr domain, RunPtr run, control::Status status) {
  for (const LiveDevice& device : domain_xml::devices_in_slots(*run->definition)) {
    const auto& there = status.plugged;
    if (domain->run == run && std::find(there.begin(), there.end(), device.alias) == there.end()) {
      co_await forget_device(domain, run, device.alias);
    }
  }
}

}  // namespace virtsev::daemon
