// SPDX-License-Identifier: LGPL-2.1-or-later
// What to do after KVM_RUN has returned. Nothing that a guest does ends or stalls more than that guest.
#pragma once

#include <cstdint>
#include <optional>

#include "driver/vmm/devices/port_bus.hpp"
#include "driver/vmm/kvm/vcpu.hpp"
#include "driver/vmm/run/guest_end.hpp"

namespace virtsev::vmm {

class SimulatedSev;

class ExitHandler {
 public:
  /// `simulated`: null where the guest is on hardware or without SEV. Both outlive this. `hidden_state`: the
  /// guest's registers are encrypted by hardware (SEV-ES).
  ExitHandler(const PortBus& ports, SimulatedSev* simulated, bool hidden_state = false)
      : ports_(ports), simulated_(simulated), hidden_state_(hidden_state) {}

  /// After run() gave 0. Called by each vCPU's thread for its own. An end, where the guest can't go on.
  std::optional<GuestEnd> handle(Vcpu& vcpu, std::uint32_t id) const;
  /// After run() gave an errno. None: run again.
  [[nodiscard]] std::optional<GuestEnd> handle_failure(Vcpu& vcpu, std::uint32_t id, int error_number) const;

 private:
  void access_ports(Vcpu& vcpu) const;

  const PortBus& ports_;
  SimulatedSev* simulated_;
  bool hidden_state_;
};

/// "vCPU 0 at 0xffffffff81000000, waiting for an interrupt with interrupts off": for people.
std::string describe_position(Vcpu& vcpu, std::uint32_t id);

}  // namespace virtsev::vmm
