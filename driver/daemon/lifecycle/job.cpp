// SPDX-License-Identifier: LGPL-2.1-or-later
// What takes long of a domain, as its clients see it and end it. libvirt's QEMU driver ends neither starts
// nor dumps of memory alone by virDomainAbortJob; here both are.
#include "driver/daemon/base/log.hpp"
#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

std::shared_ptr<Job> Lifecycle::launch_job(const DomainPtr& domain) {
  auto give_up = [weak = std::weak_ptr<Domain>(domain)] {
    if (const auto there = weak.lock(); there && there->run) {
      give_up_launch(*there);
    }
  };
  return std::make_shared<Job>(context_.io.get_executor(), Job::Kind::kStart, Job::Beside::kNothing,
                               std::move(give_up));
}

asio::awaitable<void> Lifecycle::abort_job(DomainPtr domain) {
  constexpr std::chrono::seconds kLimit{10};
  require_active(*domain);
  const std::shared_ptr<Job> job = domain->job;
  if (!job) {
    throw Error(ErrorCode::kOperationInvalid,
                text("Requested operation is not valid: no job is active on the domain"));
  }
  log_info(job->kind() == Job::Kind::kDump
               ? text("domain '{}': its dump is given up, as a client asked for", domain->name)
               : text("domain '{}': its start is given up, as a client asked for", domain->name));
  job->abort();
  const auto over = std::make_shared<Latch>(context_.io.get_executor());
  job->over().also_fire(over);
  co_await over->wait_for(kLimit);
}

}  // namespace virtsev::daemon
