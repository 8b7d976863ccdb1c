// SPDX-License-Identifier: LGPL-2.1-or-later
// A KVM virtual machine: interrupt controllers in the kernel, memory slots, which model specific registers
// come to us.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "driver/vmm/kvm/kvm_host.hpp"
#include "sevcore/base/guest_address.hpp"

namespace virtsev::vmm {

/// Each of the I/O APIC's pins under its own number, and none of a PIC's, which no machine of ours has.
std::vector<kvm_irq_routing_entry> pin_routes(std::uint32_t pins);

class KvmVm {
 public:
  KvmVm(const KvmHost& host, unsigned long type) : vm_(host.create_vm(type)) {}

  [[nodiscard]] int descriptor() const { return vm_.get(); }

  /// Local APICs, an I/O APIC with `pins` interrupt lines, no PIC in use. Before the first vCPU.
  void create_interrupt_controllers(std::uint32_t pins);
  /// The pages that Intel processors need (KVM_SET_IDENTITY_MAP_ADDR, KVM_SET_TSS_ADDR). Before the first
  /// vCPU.
  void set_intel_pages(GuestAddress identity_map, GuestAddress tss);
  struct MsrRange {
    std::uint32_t first = 0;
    std::uint32_t count = 0;    ///< At most 64
    bool writes_alone = false;  ///< Reads of them are KVM's
  };
  /// Reads and writes of these registers become exits; all others are KVM's. At most
  /// KVM_MSR_FILTER_MAX_RANGES ranges.
  void exit_on_msrs(std::span<const MsrRange> ranges);

  /// Puts host memory, or nothing where `size` is 0, behind the slot. `read_only`: a write of the guest's
  /// becomes an exit, as one to where no memory is.
  void set_memory_slot(std::uint32_t slot, GuestAddress start, std::uint64_t size, void* host,
                       bool read_only = false);
  /// KVM_SET_GSI_ROUTING: all routes there are from now on. False where KVM refuses one. Any thread.
  [[nodiscard]] bool set_interrupt_routes(std::span<const kvm_irq_routing_entry> routes) const;
  /// An I/O APIC's line. Any thread.
  void set_interrupt_line(std::uint32_t line, bool level) const;

  /// A message that interrupts vCPUs, INIT and SIPI included (KVM_SIGNAL_MSI). Any thread.
  void send_message(std::uint64_t address, std::uint32_t data) const;

  [[nodiscard]] UniqueFd create_vcpu(std::uint32_t id) const;

 private:
  UniqueFd vm_;
};

}  // namespace virtsev::vmm
