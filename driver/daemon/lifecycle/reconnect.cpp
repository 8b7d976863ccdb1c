// SPDX-License-Identifier: LGPL-2.1-or-later
// The daemon starts: which of the domains that it took over still run, and which are to be started.
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <libvirt/libvirt.h>

#include "driver/daemon/files/atomic_file.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/files/status_file.hpp"
#include "driver/daemon/lifecycle/boot_id.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "driver/daemon/lifecycle/start_message.hpp"
#include "driver/daemon/log.hpp"
#include "driver/daemon/monitor/control_socket.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
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
  UniqueFd socket = connect_to(context_.layout.state, domain_xml::format_uuid(domain->uuid) + ".sock");
  if (!socket && problem.empty()) {
    problem = text("its monitor can't be reached: {}", error_text(errno));
  }
  if (!problem.empty()) {
    log_warning(text("domain '{}': ended, for {}", domain->name, problem));
    kill_process(process);
    run->destroying = status->auto_destroy;
    // One that is at its very end can't be reached either, and has written why.
    monitor_ended(domain, run, MonitorEnd{read_end_file(file(*domain, ".end")), problem});
    co_return;
  }
  run->monitor = std::make_shared<Monitor>(context_.io.get_executor(), std::move(process), std::move(socket),
                                           file(*domain, ".end"));
  watch(domain, run);
  try {
    co_await run->monitor->greet(std::chrono::seconds(context_.configuration.request_timeout_seconds));
    control::Request query = control::Query{};
    const control::Reply reply = co_await ask(run, std::move(query));
    if (const auto* found = std::get_if<control::Status>(&reply)) {
      run->has_run = found->has_run;
      run->launch = found->launch;
      note_console(*domain, *run, *found);
      const int state = found->state == control::RunState::kRunning ? VIR_DOMAIN_RUNNING : VIR_DOMAIN_PAUSED;
      if (state != domain->state.state) {
        domain->state = {state, 0};  // "unknown": it changed while nobody looked
      }
    }
    if (domain->state.state == VIR_DOMAIN_PAUSED && domain->state.reason == VIR_DOMAIN_PAUSED_DUMP) {
      // It stood still for a dump, which ended with the daemon that made it.
      control::Request resume = control::Resume{};
      co_await ask(run, std::move(resume));
      domain->state = {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED};
      context_.emit(domain->handle(), VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED);
    }
    log_info(text("domain '{}': found again, id {}", domain->name, run->id));
  } catch (const Error& failure) {
    log_error(
        text("domain '{}': its monitor does not answer, it is ended: {}", domain->name, failure.what()));
    if (run->monitor) {
      run->monitor->kill();
    }
  }
  if (domain->run == run) {
    save_status(domain);
  }
}

// virtsevd died while it launched the guest anew: that is done once more, from the beginning.
asio::awaitable<void> Lifecycle::launch_anew(DomainPtr domain, RunPtr run, Process half_made) {
  if (half_made.pidfd) {
    kill_process(half_made);
    asio::posix::stream_descriptor exit(context_.io, half_made.pidfd.release());
    std::error_code gone;
    co_await exit.async_wait(asio::posix::stream_descriptor::wait_read,
                             asio::redirect_error(asio::use_awaitable, gone));
  }
  if (!run->definition_problem.empty()) {
    log_error(text("domain '{}': cannot be launched anew: {}", domain->name, run->definition_problem));
    domain->last_failure = run->definition_problem;
    finish(domain, run, VIR_DOMAIN_SHUTOFF_FAILED, run->definition_problem);
    co_return;
  }
  log_info(text("domain '{}': launched anew, which was not finished before virtsevd ended", domain->name));
  begin_relaunch(domain, run);
}

void Lifecycle::autostart_all() {
  const std::string mark = context_.layout.state + "/autostarted";
  if (read_small(mark) == boot_id()) {
    return;
  }
  try {
    write_atomically(mark, boot_id(), Durable::kNo);
  } catch (const Error& error) {
    log_error(error.what());
  }
  context_.domains.for_each([this](const DomainPtr& domain) {
    if (!domain->autostart || domain->active() || !domain->definition) {
      return;
    }
    const auto job = [](Lifecycle* self, DomainPtr target) -> asio::awaitable<void> {
      const auto queue = target->jobs;
      const auto turn = co_await queue->take();
      if (!target->active() && target->definition) {
        co_await self->start(target, target->definition, StartOptions{});
      }
    };
    asio::co_spawn(context_.io, job(this, domain),
                   [](const std::exception_ptr&) {});  // start() has logged a failure
  });
}

}  // namespace virtsev::daemon
