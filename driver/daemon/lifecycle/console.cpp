// SPDX-License-Identifier: LGPL-2.1-or-later
// The console of a guest that an earlier virtsevd started: its monitor has the terminal.
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "driver/daemon/monitor/terminal.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

asio::awaitable<void> Lifecycle::find_console(DomainPtr domain) {
  constexpr std::uint32_t kFirstVersion = 4;
  const RunPtr run = domain->run;
  if (run->console_master || !run->monitor || run->monitor->version() < kFirstVersion) {
    co_return;
  }
  control::Request open = control::OpenConsole{};
  const control::Reply reply = co_await ask(run, std::move(open));
  const auto* console = std::get_if<control::ConsoleMaster>(&reply);
  // It may be anything: a monitor that was taken over says what it likes.
  if (console == nullptr || !console->received ||
      path_behind(console->received->get()) != run->console_path) {
    throw Error(
        ErrorCode::kOperationFailed,
        text("the monitor of domain '{}' has not got the terminal '{}' any more, which it was started "
             "with: it may have been taken over; destroy the domain",
             domain->name, run->console_path));
  }
  if (!run->console_master) {  // Else somebody else has asked meanwhile
    run->console_master = std::move(*console->received);
    run->console_slave = open_behind(run->console_master.get());  // For a relaunch, as with one of our own
  }
}

}  // namespace virtsev::daemon
