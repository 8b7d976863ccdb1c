// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/lifecycle/start_message.hpp"

#include <unistd.h>

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

}  // namespace

std::vector<std::string> vmm_arguments(const std::string& domain_name) {
  // Descriptor 3 is the control socket. The name is for people who look at a list of processes.
  return {"--control-fd", "3", "--peer-uid", std::to_string(::geteuid()), "--name", domain_name};
}

control::Start start_message(const Run& run, const spec::OpenedMachine& machine, const LaunchFiles& files,
                             const Configuration& configuration) {
  control::Start start;
  start.machine = machine.machine;
  require_owner(*run.definition, start.machine.protection);
  start.machine.devices.push_back(serial_port(run, files));
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
