// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/lifecycle/start_message.hpp"

#include <unistd.h>

#include "driver/daemon/log.hpp"
#include "driver/daemon/monitor/peer_text.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

Bytes decode(const std::string& element, const std::string& text_value) {
  auto bytes = from_base64(text_value);
  if (!bytes) {
    throw Error(ErrorCode::kXmlError,
                text("<{}> in <launchSecurity> is not base64: write what `virtsev session` made", element));
  }
  return std::move(*bytes);
}

}  // namespace

std::vector<std::string> vmm_arguments(const std::string& domain_name) {
  // Descriptor 3 is the control socket. The name is for people who look at a list of processes.
  return {"--control-fd", "3", "--peer-uid", std::to_string(::geteuid()), "--name", domain_name};
}

control::Start start_message(const Run& run, const spec::OpenedBoot& boot, const LaunchFiles& files,
                             const Configuration& configuration) {
  control::Start start;
  start.boot = boot.specification;
  start.platform = configuration.platform;
  if (const auto& security = run.definition->launch_security) {
    start.dh_certificate = decode("dhCert", security->dh_certificate);
    start.session = decode("session", security->session);
    start.c_bit_position = security->c_bit_position;
  }
  start.name = run.definition->name;
  start.console_timeout_seconds = configuration.console_timeout_seconds;
  start.kvm = files.kvm.get();
  start.sev = files.sev.get();
  start.platform_identity = files.platform_identity.get();
  start.console_master = run.console_master.get();
  start.console_slave = run.console_slave.get();
  for (std::size_t i = 0; i < start.console_log.size(); ++i) {
    start.console_log[i] = files.console_log[i].get();
  }
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
