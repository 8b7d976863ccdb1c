// SPDX-License-Identifier: LGPL-2.1-or-later
// The daemon starts: which of the domains that it took over still run.
#include <cerrno>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <libvirt/libvirt.h>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/files/status_file.hpp"
#include "driver/daemon/lifecycle/boot_id.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "driver/daemon/lifecycle/start_message.hpp"
#include "driver/daemon/monitor/control_socket.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::chrono::seconds kConnectAgain{1};  // There is no event for room in a queue

}  // namespace

// The domain is listed as it was; what is asked of it meanwhile waits for its turn.
asio::awaitable<void> Lifecycle::reconnect(DomainPtr domain, RunPtr run,
                                           std::shared_ptr<DomainStatus> status) {
  const auto queue = domain->jobs;
  const auto turn = co_await queue->take();
  // Where the file does not say, the process's start time decides alone.
  const bool same_boot = status->boot_id.empty() || status->boot_id == boot_id();
  Process process = same_boot ? find_process(static_cast<pid_t>(status->pid), status->start_time) : Process{};
  if (!process.pidfd && !(status->relaunching && same_boot)) {
    MonitorEnd end{read_end_file(file(*domain, ".end")), text("it ended while virtsevd was not running")};
    if (!same_boot) {
      end.said.reset();
    }
    monitor_ended(domain, run, end);
    co_return;
  }
  if (status->relaunching && !status->auto_destroy && same_boot) {
    co_await launch_anew(domain, run, std::move(process));
    co_return;
  }
  std::string problem;
  if (status->starting) {
    problem = text("its launch was not finished");
  } else if (status->auto_destroy) {
    problem = text("it was to end with a client, which is gone");
  }
  const std::string socket_name = domain_xml::format_uuid(domain->uuid) + ".sock";
  UniqueFd socket = connect_to(context_.layout.state, socket_name);
  while (!socket && errno == EAGAIN && problem.empty() && is_alive(process)) {
    // It stands still, and many a virtsevd has come and gone meanwhile: their connections fill its queue.
    if (co_await run->abort.wait_for(kConnectAgain)) {
      problem = text("it was destroyed while its monitor stood still");
    }
    socket = connect_to(context_.layout.state, socket_name);
  }
  if (!socket && problem.empty()) {
    problem = text("its monitor can't be reached: {}", error_text(errno));
  }
  if (!problem.empty()) {
    log_warning(text("domain '{}': ended, for {}", domain->name, problem));
    kill_process(process);
    if (status->auto_destroy || run->abort.fired()) {
      stop(domain, run, {VIR_DOMAIN_SHUTOFF_DESTROYED});
    } else {
      // One that is at its very end can't be reached either, and has written why.
      monitor_ended(domain, run, MonitorEnd{read_end_file(file(*domain, ".end")), problem});
    }
    co_return;
  }
  run->monitor = std::make_shared<Monitor>(context_.io.get_executor(), std::move(process), std::move(socket),
                                           file(*domain, ".end"));
  transition(domain, step::Reach{});
  watch(domain, run);
  watch_shutdown(domain, run);
  try {
    co_await learn_of_guest(domain, run, false);
    log_info(text("domain '{}': found again, id {}", domain->name, run->id));
  } catch (const Error& failure) {
    // A monitor that stalls is not a dead one: what it does when it answers stands in lateness.cpp. One that
    // breaks the protocol, or its connection, is ended by that.
    log_warning(text("domain '{}': found again, id {}; but its monitor does not answer yet: {}", domain->name,
                     run->id, failure.what()));
  }
  if (domain->run == run) {
    save_status(domain);
  }
}

// virtsevd died while it launched the guest again: that is done once more, from the beginning.
asio::awaitable<void> Lifecycle::launch_anew(DomainPtr domain, RunPtr run, Process half_made) {
  if (half_made.pidfd) {
    kill_process(half_made);
    asio::posix::stream_descriptor exit(context_.io, half_made.pidfd.release());
    std::error_code gone;
    co_await exit.async_wait(asio::posix::stream_descriptor::wait_read,
                             asio::redirect_error(asio::use_awaitable, gone));
  }
  if (!run->definition_problem.empty()) {
    log_error(text("domain '{}': cannot be launched again: {}", domain->name, run->definition_problem));
    domain->last_failure = run->definition_problem;
    stop(domain, run, {VIR_DOMAIN_SHUTOFF_FAILED, {}, run->definition_problem});
    co_return;
  }
  log_info(text("domain '{}': launched again, which was not finished before virtsevd ended", domain->name));
  begin_relaunch(domain, run, {});
}

}  // namespace virtsev::daemon
