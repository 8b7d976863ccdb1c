// SPDX-License-Identifier: LGPL-2.1-or-later
// A machine's interrupts: who has which line, and which messages.
#pragma once

#include <map>
#include <mutex>

#include "driver/vmm/interrupts/gsi_allocator.hpp"
#include "driver/vmm/interrupts/interrupt_controller.hpp"
#include "driver/vmm/interrupts/interrupt_line.hpp"
#include "driver/vmm/interrupts/msi.hpp"

namespace virtsev::vmm {

/// Any thread that KVM's requests are left to (sandbox/kvm_requests.cpp): devices come and go on the I/O
/// thread while the guest runs, and vCPUs' threads set messages. Outlives what it gives.
class Interrupts {
 public:
  /// How many numbers there are, pins included. KVM has 4096 (KVM_MAX_IRQ_ROUTES).
  static constexpr std::uint32_t kGsis = 1024;

  /// `lines`: the I/O APIC's pins.
  Interrupts(InterruptController& controller, std::uint32_t lines)
      : controller_(controller), gsis_(lines, kGsis) {}

  /// Throws Error(kInternal) where there is no such pin, or another device has it.
  InterruptLine line(std::uint32_t gsi);
  /// Throws Error where there are no more, or KVM refuses it.
  Msi msi();

 private:
  friend class InterruptLine;
  friend class Msi;
  void set_line(std::uint32_t gsi, bool level) { controller_.set_line(gsi, level); }
  void give_back(std::uint32_t gsi);
  bool set_message(std::uint32_t gsi, const MsiMessage& message);
  void clear_message(std::uint32_t gsi);
  void remove(std::uint32_t gsi, int event);
  bool apply();

  InterruptController& controller_;
  std::mutex mutex_;
  GsiAllocator gsis_;
  std::map<std::uint32_t, MsiMessage> messages_;
};

}  // namespace virtsev::vmm
