// SPDX-License-Identifier: LGPL-2.1-or-later
// The Driver's ways into a guest: its terminal, and its debugger.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/hypervisor.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

constexpr int kOpenFlags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;

// Where this daemon has the pair, its other end is asked: no path is in between. Else by the path, which
// means this guest's terminal for as long as the monitor, which holds the other end, lives: the kernel gives
// the number of a closed one away again. So that is looked at last.
UniqueFd open_terminal(const Run& run) {
  if (run.console_master) {
    return UniqueFd(::ioctl(run.console_master.get(), TIOCGPTPEER, kOpenFlags));
  }
  UniqueFd terminal(::open(run.console_path.c_str(), kOpenFlags));
  if (terminal && (!run.monitor || !is_alive(run.monitor->process()) || ::isatty(terminal.get()) == 0)) {
    terminal.reset();
    errno = ENXIO;
  }
  return terminal;
}

}  // namespace

UniqueFd Hypervisor::open_console(const Uuid& uuid, const std::string& device) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  require_active(*domain);
  const Run& run = *domain->run;
  // Console 0 and serial 0 are one device in this machine.
  if (run.definition->serials.empty() && run.console_path.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                text("domain '{}' has no console: add <serial type='pty'/>", domain->name));
  }
  if (!(device.empty() || device == "serial0" || device == "console0")) {
    throw Error(ErrorCode::kInvalidArgument, text("domain '{}' has no console '{}'", domain->name, device));
  }
  if (run.console_path.empty()) {
    throw Error(
        ErrorCode::kOperationInvalid,
        text("domain '{}' is being launched, and has no console yet; try again when it runs", domain->name));
  }
  UniqueFd console = open_terminal(run);
  if (!console) {
    throw Error(ErrorCode::kSystemError,
                text("cannot open the console '{}': {}", run.console_path, error_text(errno)));
  }
  return console;
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
