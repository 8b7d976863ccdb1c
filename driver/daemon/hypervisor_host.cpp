// SPDX-License-Identifier: LGPL-2.1-or-later
// The Driver's calls about the host.
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <unistd.h>

#include "driver/daemon/hypervisor.hpp"
#include "driver/daemon/log.hpp"
#include "driver/daemon/monitor/launch_files.hpp"
#include "driver/daemon/monitor/vmm_path.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

Hypervisor::Hypervisor(asio::io_context& io, const Layout& layout, Configuration configuration)
    : context_(io, layout, std::move(configuration)), definitions_(context_), lifecycle_(context_) {
  publish_simulation_settings();
  definitions_.load();
  lifecycle_.reconnect_all();
}

void Hypervisor::reconfigure(Configuration configuration) {
  const bool other_simulation = configuration.simulation != context_.configuration.simulation;
  context_.configuration = std::move(configuration);
  if (other_simulation && context_.configuration.platform == control::Platform::kSimulated) {
    publish_simulation_settings();
    log_warning(text("the simulated platform's new settings count for guests that start from now on"));
  }
}

void Hypervisor::publish_simulation_settings() const {
  if (context_.configuration.platform != control::Platform::kSimulated) {
    return;
  }
  try {
    const UniqueFd state = open_platform_state(context_.layout);
    sevcore::write_simulation_settings(state.get(), context_.configuration.simulation);
  } catch (const Error& error) {  // Running guests still need their daemon
    log_error(text("guests start with the simulated platform's former settings: {}", error.what()));
  }
}

std::string Hypervisor::hostname() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

CapabilitiesInput Hypervisor::capabilities_input() const {
  CapabilitiesInput input;
  input.host_uuid = host_uuid(context_.configuration.host_uuid);
  try {
    input.emulator = find_vmm(context_.configuration.vmm);
  } catch (const Error&) {
    input.emulator =
        VIRTSEV_LIBEXEC_DIR "/virtsev-vmm";  // Where it belongs; a start says that it is not there
  }
  input.cpu = read_cpu_identity();
  input.topology = read_topology();
  input.sev = sev_facts(context_.configuration.platform, context_.layout);
  return input;
}

std::string Hypervisor::capabilities() { return capabilities_xml(capabilities_input()); }

std::string Hypervisor::domain_capabilities(const std::optional<std::string>& emulator,
                                            const std::optional<std::string>& arch,
                                            const std::optional<std::string>& machine,
                                            const std::optional<std::string>& type) {
  return domain_capabilities_xml(capabilities_input(), {emulator, arch, machine, type});
}

NodeInfo Hypervisor::node_info() { return node_info_of(read_topology()); }
CpuMap Hypervisor::node_cpu_map() { return cpu_map_of(); }

void Hypervisor::ask_platform() {
  const auto ask = [](Hypervisor* self) -> asio::awaitable<void> {
    const auto found = std::make_shared<std::optional<sevcore::PlatformInformation>>();
    std::function<void()> work = [found, platform = self->context_.configuration.platform,
                                  layout = self->context_.layout] {
      *found = read_platform_information(platform, layout);
    };
    co_await self->context_.pool.run(std::move(work));
    self->platform_ = *found;
  };
  asio::co_spawn(context_.io, ask(this),
                 [](const std::exception_ptr&) {});  // Whoever asks gets the error then
}

std::vector<TypedParameter> Hypervisor::sev_info() {
  const control::Platform platform = context_.configuration.platform;
  if (!platform_) {
    platform_ = read_platform_information(platform, context_.layout);
  }
  return sev_parameters(sev_facts(platform, context_.layout), *platform_);
}

}  // namespace virtsev::daemon
