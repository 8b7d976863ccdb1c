// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/simulated/simulated_kernel.hpp"

#include <utility>

#include "sevcore/simulated/simulated_host.hpp"

namespace virtsev::sevcore {

SimulatedPlatform::SimulatedPlatform(UniqueFd identity, SimulatedShare share)
    : host_(std::make_unique<SimulatedHost>(std::move(identity), std::move(share))) {}

SimulatedPlatform::~SimulatedPlatform() = default;

std::unique_ptr<SevDevice> SimulatedPlatform::open_device(DeviceAccess access) {
  return make_simulated_device(*host_, access);
}

std::unique_ptr<SevVm> SimulatedPlatform::make_vm(KvmVmType type, VcpuStates states) {
  return make_simulated_vm(*host_, type, std::move(states));
}

const SimulationSettings& SimulatedPlatform::settings() const { return host_->settings(); }

void SimulatedPlatform::forget_identity() { host_->forget_identity(); }

}  // namespace virtsev::sevcore
