// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/host/host_facts.hpp"

#include "driver/daemon/monitor/vmm_path.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::daemon {

const HostTopology& HostFacts::topology() {
  if (!is_fresh(topology_)) {
    topology_ = Read<HostTopology>{read_topology(), std::chrono::steady_clock::now()};
  }
  return topology_->value;
}

const CapabilitiesInput& HostFacts::all() {
  if (!is_fresh(all_)) {
    CapabilitiesInput input;
    input.host_uuid = host_uuid(configuration_.host_uuid);
    try {
      input.emulator = find_vmm(configuration_.vmm);
    } catch (const Error&) {
      input.emulator =
          VIRTSEV_LIBEXEC_DIR "/virtsev-vmm";  // Where it belongs; a start says that it is not there
    }
    input.cpu = read_cpu_identity();
    input.topology = topology();
    input.sev = sev_facts(configuration_, snp_);
    all_ = Read<CapabilitiesInput>{std::move(input), std::chrono::steady_clock::now()};
  }
  return all_->value;
}

void HostFacts::forget() {
  topology_.reset();
  all_.reset();
  snp_ = {};
}

}  // namespace virtsev::daemon
