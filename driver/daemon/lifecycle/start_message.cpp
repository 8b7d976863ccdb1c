// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/lifecycle/start_message.hpp"

#include <unistd.h>

#include "domain-xml/firmware_choice.hpp"
#include "driver/daemon/base/log.hpp"
#include "driver/daemon/monitor/peer_text.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::daemon {
namespace {

/// A definition that was taken has none of it; a launch without its owner must not come of one that has.
void require_owner(const domain_xml::DomainDefinition& definition, const sevcore::Protection& protection) {
  const sevcore::LaunchOwner& owner = sevcore::owner_of(protection);
  const auto refuse = [](const char* element) {
    throw Error(ErrorCode::kXmlError,
                text("<{}> in <launchSecurity> is not base64: write what `virtsev session` made", element));
  };
  if (definition.launch_security && !definition.launch_security->dh_certificate.empty() &&
      owner.dh_certificate.empty()) {
    refuse("dhCert");
  }
  if (definition.launch_security && !definition.launch_security->session.empty() && owner.session.empty()) {
    refuse("session");
  }
}

spec::DeviceDescription serial_port(const Run& run, const LaunchFiles& files) {
  spec::Serial serial;
  serial.terminal_master = run.console_master.get();
  serial.terminal_slave = run.console_slave.get();
  for (std::size_t i = 0; i < serial.log.size(); ++i) {
    serial.log[i] = files.console_log[i].get();
  }
  return {"serial0", spec::PortAddress{layout::kCom1Port}, serial};
}

spec::DeviceDescription root_port(const domain_xml::RootPortDefinition& definition) {
  return {"pci." + std::to_string(definition.number), spec::PciAddress{definition.slot},
          spec::RootPort{definition.number}};
}

}  // namespace

spec::DeviceDescription device_description(const spec::OpenedDisk& disk) {
  return {disk.id, disk.address, disk.disk};
}

spec::DeviceDescription device_description(const domain_xml::InterfaceDefinition& definition,
                                           std::size_t number, const HostLink& link) {
  spec::Interface interface;
  interface.mac = definition.mac;
  interface.mtu = definition.mtu;
  interface.link_up = definition.link_up;
  for (const UniqueFd& queue : link.queues) {
    interface.taps.push_back(queue.get());
  }
  interface.stream = link.stream.get();
  return {alias_in_use(definition, number), spec::PciAddress{definition.slot, definition.port}, interface};
}

spec::DeviceDescription device_description(const domain_xml::EntropyDefinition& definition,
                                           std::size_t number) {
  return {alias_in_use(definition, number), spec::PciAddress{definition.slot, definition.port},
          spec::Entropy{}};
}

static spec::DeviceDescription ports_device(const Run& run) {
  spec::Ports ports;
  for (std::size_t i = 0; i < run.definition->ports.size(); ++i) {
    const domain_xml::PortDefinition& definition = run.definition->ports[i];
    const PortEnd& end = run.ports.at(i);
    ports.ports.push_back({alias_in_use(definition), definition.number, definition.console, definition.name,
                           end.master.get(), end.slave.get(), end.listener.get()});
  }
  const domain_xml::PortControllerDefinition& controller = *run.definition->port_controller;
  return {alias_in_use(controller), spec::PciAddress{controller.slot}, std::move(ports)};
}

std::vector<WantedEnd> wanted_ends(const domain_xml::DomainDefinition& definition) {
  std::vector<WantedEnd> wanted;
  for (const domain_xml::PortDefinition& port : definition.ports) {
    wanted.push_back({port.socket, port.name, port.path});
  }
  return wanted;
}

std::vector<PortEnd> ends_to_keep(Run& run, std::vector<PortEnd> named) {
  for (std::size_t i = 0; i < named.size() && i < run.ports.size(); ++i) {
    if (run.ports[i].master) {
      named[i] = std::move(run.ports[i]);
    }
  }
  return named;
}

std::vector<std::string> vmm_arguments(const std::string& domain_name) {
  // Descriptor 3 is the control socket. The name is for people who look at a list of processes.
  return {"--control-fd", "3", "--peer-uid", std::to_string(::geteuid()), "--name", domain_name};
}

control::Start start_message(const Run& run, const Opened& opened, const Configuration& configuration) {
  const LaunchFiles& files = opened.files;
  control::Start start;
  start.machine = opened.machine.machine;
  require_owner(*run.definition, start.machine.protection);
  start.machine.devices.push_back(serial_port(run, files));
  for (const domain_xml::RootPortDefinition& port : run.definition->root_ports) {
    start.machine.devices.push_back(root_port(port));
  }
  for (const spec::OpenedDisk& disk : opened.disks) {
    start.machine.devices.push_back(device_description(disk));
  }
  for (std::size_t i = 0; i < opened.links.size(); ++i) {
    start.machine.devices.push_back(device_description(run.definition->interfaces.at(i), i, opened.links[i]));
  }
  if (run.definition->port_controller) {
    start.machine.devices.push_back(ports_device(run));
  }
  for (std::size_t i = 0; i < run.definition->entropy.size(); ++i) {
    start.machine.devices.push_back(device_description(run.definition->entropy[i], i));
  }
  if (const auto& panic = run.definition->panic) {
    start.machine.devices.push_back({alias_in_use(*panic), spec::PciAddress{panic->slot}, spec::Panic{}});
  }
  start.keeps_panicked = run.definition->on_crash == domain_xml::LifecycleAction::kPreserve;
  start.platform = configuration.platform;
  if (const auto& security = run.definition->launch_security) {
    start.c_bit_position = security->c_bit_position;
  }
  start.name = run.definition->name;
  start.console_timeout_seconds = configuration.console_timeout_seconds;
  start.kvm = files.kvm.get();
  start.sev = files.sev.get();
  start.platform_identity = files.platform_identity.get();
  start.end_file = files.end_file.get();
  start.simulated.asid = files.asid.asid;
  start.simulated.asid_lock = files.asid.lock.get();
  start.simulated.es_asids = configuration.simulation.es_asids;
  start.simulated.sev_asids = configuration.simulation.sev_asids;
  start.simulated.firmware_delay_ms_per_mib = configuration.simulation.firmware_delay_ms_per_mib;
  start.simulated.snp_initialized = configuration.simulation.snp_initialized;
  return start;
}

void note_firmware(const Domain& domain, Run& run, const spec::Boot& boot) {
  const auto* firmware = std::get_if<spec::FirmwareBoot>(&boot);
  if (firmware == nullptr || !run.definition->os.loader.empty()) {
    return;
  }
  const std::string& path = firmware->image.path;
  run.definition =
      std::make_shared<const domain_xml::DomainDefinition>(domain_xml::with_loader(*run.definition, path));
  log_info(text("domain '{}': its firmware is {}, the first on this host that can start {} guests",
                domain.name, path, sevcore::name_of(domain_xml::protection_of(*run.definition))));
}

bool take_console_silent(const Domain& domain, Run& run, const control::ConsoleSilent& silent) {
  if (!run.silences.take()) {
    return false;
  }
  run.console_silent = printable_line(silent.text);
  log_warning(text("domain '{}': its console is silent: {}", domain.name, run.console_silent));
  return true;
}

void note_console(const Domain& domain, Run& run, const control::Status& status) {
  constexpr std::uint32_t kFirstVersion = 2;
  if (!run.monitor || run.monitor->version() < kFirstVersion) {
    return;
  }
  const bool news = run.console_silent.empty() && !status.console_silent.empty();
  if (!news || !take_console_silent(domain, run, control::ConsoleSilent{status.console_silent})) {
    run.console_silent = printable_line(status.console_silent);
  }
}

}  // namespace virtsev::daemon
