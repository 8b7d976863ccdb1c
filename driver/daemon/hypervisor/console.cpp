// SPDX-License-Identifier: LGPL-2.1-or-later
// The Driver's ways into a guest: its terminal, and its debugger.
#include <cerrno>

#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/hypervisor/hypervisor.hpp"
#include "driver/daemon/monitor/terminal.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

asio::awaitable<UniqueFd> Hypervisor::open_console(Uuid uuid, std::string device) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  require_active(*domain);
  const std::shared_ptr<Run> run = domain->run;
  // Console 0 and serial 0 are one device in this machine.
  if (run->definition->serials.empty() && run->console_path.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                text("domain '{}' has no console: add <serial type='pty'/>", domain->name));
  }
  if (!(device.empty() || device == "serial0" || device == "console0")) {
    throw Error(ErrorCode::kInvalidArgument, text("domain '{}' has no console '{}'", domain->name, device));
  }
  if (run->console_path.empty()) {
    throw Error(
        ErrorCode::kOperationInvalid,
        text("domain '{}' is being launched, and has no console yet; try again when it runs", domain->name));
  }
  co_await lifecycle_.find_console(domain);
  require_active(*domain);
  if (domain->run != run) {
    throw Error(ErrorCode::kOperationInvalid,
                text("domain '{}' is being launched anew; try again when it runs", domain->name));
  }
  // The other end of the pair that virtsevd has; only for a monitor of an earlier version, by its path.
  UniqueFd console;
  if (run->console_master) {
    console = open_behind(run->console_master.get());
  } else if (run->monitor) {
    console = open_held_by(run->monitor->process(), run->console_path);
    if (!console && errno == EPERM) {
      throw Error(ErrorCode::kOperationFailed,
                  text("the console '{}' can't be shown to be that of domain '{}', whose monitor an earlier "
                       "virtsevd started; read its log under {}, or start the domain anew",
                       run->console_path, domain->name, context_.layout.console_logs()));
    }
  }
  if (!console) {
    throw Error(ErrorCode::kSystemError,
                text("cannot open the console '{}': {}", run->console_path, error_text(errno)));
  }
  co_return console;
}

asio::awaitable<UniqueFd> Hypervisor::open_channel(Uuid uuid, std::optional<std::string> name) {
  constexpr const char* kDebugger = "virtsev.gdb";
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  require_active(*domain);
  if (name.value_or("") != kDebugger) {
    throw Error(ErrorCode::kInvalidArgument,
                text("domain '{}' has no channel '{}'; there is only '{}', which is for debuggers",
                     domain->name, name.value_or(""), kDebugger));
  }
  co_return co_await lifecycle_.attach_debugger(domain);
}

}  // namespace virtsev::daemon
