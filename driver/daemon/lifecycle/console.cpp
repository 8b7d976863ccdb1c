// SPDX-License-Identifier: LGPL-2.1-or-later
// The consoles of a guest that an earlier virtsevd started: its monitor has the terminals.
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "driver/daemon/monitor/terminal.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

/// Where a run keeps a terminal.
struct Kept {
  UniqueFd& master;
  UniqueFd& slave;
  const std::string& path;
};

Kept terminal_of(Run& run, std::optional<std::size_t> port) {
  if (port) {
    PortEnd& end = run.ports.at(*port);
    return {end.master, end.slave, end.path};
  }
  return {run.console_master, run.console_slave, run.console_path};
}

}  // namespace

asio::awaitable<void> Lifecycle::find_console(DomainPtr domain, std::optional<std::size_t> port) {
  constexpr std::uint32_t kFirstVersion = 4;
  const RunPtr run = domain->run;
  if (terminal_of(*run, port).master || !run->monitor || run->monitor->version() < kFirstVersion) {
    co_return;
  }
  control::Request open =
      control::OpenConsole{port ? alias_in_use(run->definition->ports.at(*port)) : std::string()};
  const control::Reply reply = co_await ask(run, std::move(open));
  const auto* console = std::get_if<control::ConsoleMaster>(&reply);
  const Kept kept = terminal_of(*run, port);
  // It may be anything: a monitor that was taken over says what it likes.
  if (console == nullptr || !console->received || path_behind(console->received->get()) != kept.path) {
    throw Error(
        ErrorCode::kOperationFailed,
        text("the monitor of domain '{}' has not got the terminal '{}' any more, which it was started "
             "with: it may have been taken over; destroy the domain",
             domain->name, kept.path));
  }
  if (!kept.master) {  // Else somebody else has asked meanwhile
    kept.master = std::move(*console->received);
    kept.slave = open_behind(kept.master.get());  // For a relaunch, as with one of our own
  }
}

}  // namespace virtsev::daemon
