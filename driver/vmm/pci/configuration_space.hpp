// SPDX-License-Identifier: LGPL-2.1-or-later
// A function's configuration space (PCI Local Bus 3.0, chapter 6): bytes, and which bits of them a guest can
// write.
#pragma once

#include <cstdint>

#include "sevcore/base/bytes.hpp"

namespace virtsev::vmm {

/// What a function is. `class_code`: base class, sub-class and interface, 24 bits (6.2.1).
struct PciIdentity {
  std::uint16_t vendor = 0;
  std::uint16_t device = 0;
  std::uint8_t revision = 0;
  std::uint32_t class_code = 0;
  std::uint16_t subsystem_vendor = 0;
  std::uint16_t subsystem = 0;
};

/// Registers of the header, type 0 (6.1, figure 6-1).
namespace pci_register {
inline constexpr std::size_t kCommand = 0x04;
inline constexpr std::size_t kStatus = 0x06;
inline constexpr std::size_t kBar0 = 0x10;
inline constexpr std::size_t kHeaderType = 0x0e;
inline constexpr std::size_t kSecondaryBus = 0x19;  // Of a bridge (PCI-to-PCI Bridge 1.2, 3.2)
inline constexpr std::size_t kCapabilities = 0x34;
inline constexpr std::size_t kInterruptLine = 0x3c;
inline constexpr std::size_t kFirstCapability = 0x40;
}  // namespace pci_register

inline constexpr std::uint16_t kPciMemoryEnable = 1U << 1;  // Of the command register (6.2.2)
inline constexpr std::size_t kPciBars = 6;

/// 256 bytes: no function of ours has an extended space. Not locked: PciBus has a lock around it.
class ConfigurationSpace {
 public:
  static constexpr std::size_t kSize = 256;

  explicit ConfigurationSpace(const PciIdentity& identity);

  /// What lies behind the end reads as ones.
  void read(std::size_t offset, MutableBytes data) const;
  /// Bits that can't be written stay.
  void write(std::size_t offset, ByteView data);

  /// Puts a capability (6.7) at the end of the list: `body` follows id and link; `writable` has a bit for
  /// each of `body` that the guest can write, or is shorter. The offset of its first byte, the id. Throws
  /// Error(kInternal) where there is no room.
  std::uint8_t add_capability(std::uint8_t id, ByteView body, ByteView writable);

  /// Makes the header a bridge's (PCI-to-PCI Bridge 1.2, 3.2): bus numbers and one window of memory, none of
  /// ports and none that is prefetchable.
  void make_bridge();

  void set_writable(std::size_t offset, ByteView mask);
  [[nodiscard]] MutableBytes bytes() { return bytes_; }
  [[nodiscard]] ByteView bytes() const { return bytes_; }

 private:
  ByteArray<kSize> bytes_{};
  ByteArray<kSize> writable_{};
  std::size_t last_link_ = pci_register::kCapabilities;
  std::size_t next_capability_ = pci_register::kFirstCapability;
};

}  // namespace virtsev::vmm
