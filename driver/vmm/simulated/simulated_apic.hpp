// SPDX-License-Identifier: LGPL-2.1-or-later
// A vCPU's local APIC, where the guest has it mapped with the C-bit, as OVMF does until it has set up its
// tables: KVM's own does not answer there.
#pragma once

#include <cstdint>
#include <functional>

#include "driver/vmm/kvm/vcpu.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::vmm {

/// Each vCPU's thread, for its own.
class SimulatedApic {
 public:
  using Send = std::function<void(std::uint64_t address, std::uint32_t data)>;

  SimulatedApic(std::uint32_t vcpus, Send send) : vcpus_(vcpus), send_(std::move(send)) {}

  /// One access to the APIC's page. Registers are KVM's; interrupts that it sends, INIT and SIPI above all,
  /// become messages.
  void access(Vcpu& vcpu, std::uint32_t id, std::uint64_t offset, bool is_write, MutableBytes data) const;

 private:
  void send(Vcpu& vcpu, std::uint32_t id, std::uint32_t command) const;

  std::uint32_t vcpus_;
  Send send_;
};

}  // namespace virtsev::vmm
