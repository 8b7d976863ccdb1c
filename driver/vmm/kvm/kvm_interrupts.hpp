// SPDX-License-Identifier: LGPL-2.1-or-later
// Interrupts and doorbells of a KVM machine (Linux, Documentation/virt/kvm/api.rst: KVM_IRQ_LINE,
// KVM_SET_GSI_ROUTING, KVM_IRQFD, KVM_IOEVENTFD).
#pragma once

#include "driver/vmm/interrupts/doorbell.hpp"
#include "driver/vmm/interrupts/interrupt_controller.hpp"
#include "driver/vmm/kvm/kvm_vm.hpp"

namespace virtsev::vmm {

class KvmInterrupts final : public InterruptController, public DoorbellController {
 public:
  /// `vm` has its interrupt controllers, with this number of pins, and outlives this.
  KvmInterrupts(const KvmVm& vm, std::uint32_t pins) : vm_(vm), pins_(pins) {}

  void set_line(std::uint32_t gsi, bool level) override { vm_.set_interrupt_line(gsi, level); }
  [[nodiscard]] bool set_routes(std::span<const Route> routes) override;
  void connect(std::uint32_t gsi, int event) override;
  void disconnect(std::uint32_t gsi, int event) override;
  [[nodiscard]] bool add(const DoorbellPlace& place, int event) override;
  void remove(const DoorbellPlace& place, int event) override;

 private:
  const KvmVm& vm_;
  std::uint32_t pins_;
};

}  // namespace virtsev::vmm
