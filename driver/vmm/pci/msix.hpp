// SPDX-License-Identifier: LGPL-2.1-or-later
// MSI-X (PCI Local Bus 3.0, section 6.8.2): a function's table of messages, and its pending bits.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "driver/vmm/interrupts/interrupts.hpp"
#include "driver/vmm/pci/pci_function.hpp"

namespace virtsev::vmm {

/// Table and pending bits are a BAR of their own, and the capability switches them. Any thread. What a guest
/// writes is its own: a message that can't be one is not sent, and stays pending.
class Msix final : public BusDevice, public PciCapability {
 public:
  static constexpr std::uint32_t kBarSize = 4096;
  static constexpr std::uint32_t kPendingOffset = 2048;
  static constexpr std::size_t kMostVectors = kPendingOffset / 16;

  /// Each vector's interrupt is made here. Throws Error where there are none left.
  Msix(Interrupts& interrupts, std::size_t vectors);

  /// Its table in that BAR, and its capability.
  void add_to(PciFunction& function, std::size_t bar);

  [[nodiscard]] std::size_t vectors() const { return vectors_.size(); }
  /// Whether the guest has it on.
  [[nodiscard]] bool enabled() const;
  /// Interrupts the guest: now, or when it takes the mask off. Nothing where it has no such vector, or MSI-X
  /// is off.
  void send(std::size_t vector);

 private:
  struct Vector {
    Msi interrupt;
    ByteArray<16> entry{};            // Address, data, control (6.8.2.6 to 6.8.2.9)
    std::optional<MsiMessage> tried;  // The message that its interrupt was to have last
    bool usable = false;              // And has
    bool pending = false;
  };

  void read(std::uint64_t offset, MutableBytes data) override;
  void write(std::uint64_t offset, ByteView data) override;
  void after_write(ConfigurationSpace& space, std::size_t offset, std::size_t size) override;

  [[nodiscard]] bool masked(const Vector& vector) const;
  [[nodiscard]] std::uint8_t byte_at(std::uint64_t offset) const;
  /// Gives the interrupt its message, once nothing masks it. A vCPU's thread, and not the device's, whose
  /// sandbox does not let it.
  void update(Vector& vector);
  /// Sends what is pending.
  void deliver(Vector& vector);

  mutable std::mutex mutex_;
  bool enabled_ = false;
  bool all_masked_ = false;
  std::size_t capability_ = 0;
  std::vector<Vector> vectors_;
};

}  // namespace virtsev::vmm
