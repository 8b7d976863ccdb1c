// SPDX-License-Identifier: LGPL-2.1-or-later
// What to do after KVM_RUN has returned. Nothing that a guest does ends or stalls more than that guest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "driver/vmm/bus/buses.hpp"
#include "driver/vmm/kvm/vcpu.hpp"
#include "driver/vmm/run/guest_end.hpp"

namespace virtsev::vmm {

class SimulatedSev;

/// Of a guest whose registers hardware encrypts (SEV-ES): what KVM gives for them is no state of the guest's.
struct HiddenState {
  bool shutdown_may_be_einval = false;  ///< How this kernel may tell a triple fault
};
/// Before Linux 6.7 KVM_RUN fails with EINVAL where such a guest has a triple fault (KVM can't reset its
/// VMSA), as it does for requests of a guest that it does not serve; from then on the exit is
/// KVM_EXIT_SHUTDOWN (commit bc3d7c5570a0), which stable series before it have got late, too. `release`:
/// utsname's.
bool shutdown_may_be_einval(std::string_view release);

class ExitHandler {
 public:
  /// `simulated`: null where the guest is on hardware or without SEV. All outlive this. `hidden`: none where
  /// the guest's registers can be read.
  ExitHandler(Buses& buses, SimulatedSev* simulated, std::optional<HiddenState> hidden = std::nullopt)
      : buses_(buses), simulated_(simulated), hidden_(hidden) {}

  /// After run() gave 0. Called by each vCPU's thread for its own. An end, where the guest can't go on.
  std::optional<GuestEnd> handle(Vcpu& vcpu, std::uint32_t id) const;
  /// After run() gave an errno. None: run again.
  [[nodiscard]] std::optional<GuestEnd> handle_failure(Vcpu& vcpu, std::uint32_t id, int error_number) const;
  /// "vCPU 0 at 0xffffffff81000000, waiting for an interrupt with interrupts off", or what of it can be
  /// known: for people.
  [[nodiscard]] std::string describe_position(Vcpu& vcpu, std::uint32_t id) const;

 private:
  void access_ports(Vcpu& vcpu) const;
  void access_memory(Vcpu& vcpu) const;
  [[nodiscard]] GuestEnd invalid_run(Vcpu& vcpu, std::uint32_t id) const;

  Buses& buses_;
  SimulatedSev* simulated_;
  std::optional<HiddenState> hidden_;
};

}  // namespace virtsev::vmm
