// SPDX-License-Identifier: LGPL-2.1-or-later
// What delivers a guest's interrupts: KVM (kvm_interrupts.hpp) or, in tests, a fake.
#pragma once

#include <cstdint>
#include <span>

namespace virtsev::vmm {

/// A message signalled interrupt: what a PCI function writes where (PCI Local Bus 3.0, section 6.8.1).
struct MsiMessage {
  std::uint64_t address = 0;
  std::uint32_t data = 0;
  friend bool operator==(const MsiMessage&, const MsiMessage&) = default;
};

/// Any thread.
class InterruptController {
 public:
  /// The message that an interrupt's number stands for.
  struct Route {
    std::uint32_t gsi = 0;
    MsiMessage message;
    friend bool operator==(const Route&, const Route&) = default;
  };

  virtual ~InterruptController() = default;
  /// An I/O APIC's pin, whose number is its GSI (global system interrupt, ACPI 6.4, section 5.2.13).
  virtual void set_line(std::uint32_t gsi, bool level) = 0;
  /// Takes the place of all routes before; the pins are not concerned. False, and nothing has changed, where
  /// a message is refused: it is the guest's.
  [[nodiscard]] virtual bool set_routes(std::span<const Route> routes) = 0;
  /// From now on each write to `event`, an eventfd, is an interrupt. Throws Error.
  virtual void connect(std::uint32_t gsi, int event) = 0;
  virtual void disconnect(std::uint32_t gsi, int event) = 0;
};

}  // namespace virtsev::vmm
