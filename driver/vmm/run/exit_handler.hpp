// SPDX-License-Identifier: LGPL-2.1-or-later
// What to do after KVM_RUN has returned. Nothing that a guest does ends or stalls more than that guest.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "driver/vmm/bus/buses.hpp"
#include "driver/vmm/kvm/vcpu.hpp"
#include "driver/vmm/run/guest_end.hpp"
#include "driver/vmm/run/guest_mode.hpp"

namespace virtsev::vmm {

/// One for all vCPUs: each thread calls for its own vCPU, several at once.
class ExitHandler {
 public:
  /// Both outlive this.
  ExitHandler(Buses& buses, GuestMode& mode) : buses_(buses), mode_(mode) {}

  /// As GuestMode's.
  [[nodiscard]] std::optional<int> run_alone(Vcpu& vcpu, std::uint32_t id,
                                             const std::function<void()>& kick) const {
    return mode_.run_alone(vcpu, id, kick);
  }
  /// After run() gave 0. Called by each vCPU's thread for its own. An end, where the guest can't go on.
  std::optional<GuestEnd> handle(Vcpu& vcpu, std::uint32_t id) const;
  /// After run() gave an errno. None: run again.
  [[nodiscard]] std::optional<GuestEnd> handle_failure(Vcpu& vcpu, std::uint32_t id, int error_number) const;
  /// "vCPU 0 at 0xffffffff81000000, waiting for an interrupt with interrupts off", or what of it can be
  /// known: for people.
  [[nodiscard]] std::string describe_position(Vcpu& vcpu, std::uint32_t id) const;

 private:
  void access_ports(Vcpu& vcpu) const;
  void access_memory(Vcpu& vcpu, std::uint32_t id) const;
  [[nodiscard]] GuestEnd invalid_run(Vcpu& vcpu, std::uint32_t id) const;
  [[nodiscard]] GuestEnd failed_run(Vcpu& vcpu, std::uint32_t id, int error_number) const;
  [[nodiscard]] GuestEnd unknown_exit(Vcpu& vcpu, std::uint32_t id) const;

  Buses& buses_;
  GuestMode& mode_;
};

}  // namespace virtsev::vmm
