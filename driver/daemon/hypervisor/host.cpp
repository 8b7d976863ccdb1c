// SPDX-License-Identifier: LGPL-2.1-or-later
// The Driver's calls about the host.
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <unistd.h>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/files/unfinished_files.hpp"
#include "driver/daemon/host/sev_host.hpp"
#include "driver/daemon/hypervisor/hypervisor.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

Hypervisor::Hypervisor(asio::io_context& io, const Layout& layout, Configuration configuration)
    : context_(io, layout, std::move(configuration)),
      definitions_(context_),
      lifecycle_(context_),
      host_(context_.configuration) {
  definitions_.load();
  lifecycle_.reconnect_all();
  sweep_unfinished_files();
}

// Each on a thread of its own: it may lie on a file server that is gone.
void Hypervisor::sweep_unfinished_files() {
  for (const std::string& note : UnfinishedFiles(context_.layout.unfinished()).notes()) {
    const auto sweep = [](PatientCalls& threads, asio::any_io_executor executor,
                          std::string path) -> asio::awaitable<void> {
      Latch never(executor);
      std::function<void()> work = [path] { UnfinishedFiles::sweep(path); };
      co_await threads.run(std::move(work), never);
    };
    asio::co_spawn(context_.io, sweep(context_.user_files, context_.io.get_executor(), note),
                   [](const std::exception_ptr& failure) {
                     if (failure) {
                       log_warning(what_of(failure));
                     }
                   });
  }
}

void Hypervisor::reconfigure(Configuration configuration) {
  const bool other_simulation = configuration.simulation != context_.configuration.simulation;
  context_.configuration = std::move(configuration);
  context_.platform.forget();
  host_.forget();
  if (other_simulation && context_.configuration.platform == control::Platform::kSimulated) {
    log_warning(text("the simulated platform's new settings count for guests that start from now on"));
  }
}

std::string Hypervisor::hostname() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

std::string Hypervisor::capabilities() { return capabilities_xml(host_.all()); }

std::string Hypervisor::domain_capabilities(const std::optional<std::string>& emulator,
                                            const std::optional<std::string>& arch,
                                            const std::optional<std::string>& machine,
                                            const std::optional<std::string>& type) {
  return domain_capabilities_xml(host_.all(), {emulator, arch, machine, type});
}

NodeInfo Hypervisor::node_info() { return node_info_of(host_.topology()); }
CpuMap Hypervisor::node_cpu_map() { return cpu_map_of(); }

asio::awaitable<std::vector<TypedParameter>> Hypervisor::sev_info() {
  PlatformInquiry::Question question = [platform = context_.configuration.platform,
                                        layout = context_.layout] {
    return read_platform_information(platform, layout);
  };
  const PlatformInquiry::Answer answer = co_await context_.platform.get(std::move(question));
  co_return sev_parameters(host_.all().sev, *answer, own_guests(context_.domains));
}

}  // namespace virtsev::daemon
