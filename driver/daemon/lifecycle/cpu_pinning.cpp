// SPDX-License-Identifier: LGPL-2.1-or-later
// On which of the host's CPUs a guest's vCPUs, and its monitor's other threads, run.
#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/host/online_cpus.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "driver/daemon/monitor/thread_placement.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

using domain_xml::CpuPlacement;
using domain_xml::CpuSet;

const CpuPlacement kAnywhere;

void require_cpus(const CpuSet& cpus) {
  if (cpus.empty()) {
    throw Error(ErrorCode::kInvalidArgument, text("invalid argument: the list of CPUs is empty"));
  }
}

}  // namespace

// The monitor's threads are born where its first one may run, vCPUs among them: each is placed.
asio::awaitable<void> Lifecycle::place_vcpus(RunPtr run) {
  const CpuPlacement& placement = run->definition->cpu_placement;
  if (placement == kAnywhere) {
    co_return;
  }
  const std::vector<std::uint32_t> threads = co_await vcpu_threads(run);
  for (std::uint32_t vcpu = 0; vcpu < threads.size(); ++vcpu) {
    place_thread(run->pid, threads[vcpu], domain_xml::mask_of(cpus_of_vcpu(placement, vcpu)));
  }
}

asio::awaitable<std::vector<std::uint32_t>> Lifecycle::vcpu_threads(RunPtr run) {
  control::Request query = control::Query{};
  const control::Reply reply = co_await ask(run, std::move(query));
  const auto* status = std::get_if<control::Status>(&reply);
  if (status == nullptr || status->vcpu_threads.size() != run->definition->vcpus) {
    throw Error(ErrorCode::kInternal, text("the monitor does not say which threads are its vCPUs"));
  }
  co_return status->vcpu_threads;
}

asio::awaitable<void> Lifecycle::change_placement(DomainPtr domain, std::uint32_t flags,
                                                  PlacementChange change,
                                                  std::function<asio::awaitable<void>(RunPtr)> place) {
  const auto turn = co_await domain->jobs->take();
  const Impact impact = impact_of(flags, *domain);
  const RunPtr run = domain->run;
  struct Changed {
    DefinitionPtr live, config;
  };
  const auto changed = std::make_shared<Changed>();
  std::function<void()> work = [changed, change = std::move(change),
                                live = impact.live ? run->definition : nullptr,
                                config = impact.config ? domain->definition : nullptr] {
    if (live) {
      changed->live = std::make_shared<const domain_xml::DomainDefinition>(change(*live, true));
    }
    if (config) {
      changed->config = std::make_shared<const domain_xml::DomainDefinition>(change(*config, false));
    }
  };
  co_await context_.pool.run(std::move(work));
  if (impact.live) {
    co_await place(run);
    if (domain->run != run) {
      refuse_ended();
    }
    run->definition = changed->live;
    save_status(domain);
  }
  if (impact.config) {
    co_await save_definition(domain, changed->config);
  }
}

asio::awaitable<void> Lifecycle::pin_vcpu(DomainPtr domain, std::uint32_t vcpu, CpuSet cpus,
                                          std::uint32_t flags) {
  require_cpus(cpus);
  PlacementChange change = [vcpu, cpus](const domain_xml::DomainDefinition& before, bool live) {
    if (vcpu >= before.vcpus) {
      throw Error(
          ErrorCode::kInvalidArgument,
          live ? text("invalid argument: vcpu {} is out of range of live cpu count {}", vcpu, before.vcpus)
               : text("invalid argument: vcpu {} is out of range of persistent cpu count {}", vcpu,
                      before.vcpus));
    }
    if (live) {
      require_online(cpus, online_cpus(), text("vCPU {}", vcpu));
    }
    return domain_xml::with_vcpu_pin(before, vcpu, cpus);
  };
  std::function<asio::awaitable<void>(RunPtr)> place = [this, vcpu,
                                                        cpus](RunPtr run) -> asio::awaitable<void> {
    const std::vector<std::uint32_t> threads = co_await vcpu_threads(run);
    place_thread(run->pid, threads.at(vcpu), domain_xml::mask_of(cpus));
  };
  co_await change_placement(std::move(domain), flags, std::move(change), std::move(place));
}

asio::awaitable<void> Lifecycle::pin_emulator(DomainPtr domain, CpuSet cpus, std::uint32_t flags) {
  require_cpus(cpus);
  PlacementChange change = [cpus](const domain_xml::DomainDefinition& before, bool live) {
    if (live) {
      require_online(cpus, online_cpus(), text("the monitor"));
    }
    return domain_xml::with_emulator_pin(before, cpus);
  };
  std::function<asio::awaitable<void>(RunPtr)> place = [this, cpus](RunPtr run) -> asio::awaitable<void> {
    const std::vector<std::uint32_t> threads = co_await vcpu_threads(run);
    place_other_threads(run->pid, threads, domain_xml::mask_of(cpus));
  };
  co_await change_placement(std::move(domain), flags, std::move(change), std::move(place));
}

}  // namespace virtsev::daemon
