// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/pci/configuration_base.hpp"

#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint64_t kEnable = 1;
/// A base of 36 address bits, as the 82G33 has them, for 256 buses.
constexpr std::uint64_t kBaseBits = 0xff0000000;
constexpr std::size_t kBytes = 8;

}  // namespace

void ConfigurationBase::add_to(PciFunction& bridge) {
  ByteArray<kBytes> value{};
  ByteArray<kBytes> writable{};
  put_le<std::uint64_t>(value, 0, layout::kPciEcam.start.value() | kEnable);
  put_le<std::uint64_t>(writable, 0, kBaseBits | kEnable);
  bridge.add_registers(kRegister, value, writable, this);
}

void ConfigurationBase::after_write(ConfigurationSpace& space, std::size_t offset, std::size_t size) {
  if (offset >= kRegister + kBytes || offset + size <= kRegister) {
    return;
  }
  const auto value = get_le<std::uint64_t>(space.bytes(), kRegister);
  const std::uint64_t base = value & kBaseBits;
  if ((value & kEnable) != 0 && base != memory_.range().start) {
    (void)memory_.move_to(base);  // Onto RAM or a device: the guest's mistake
  }
}

GuestAddress configuration_base(PciBus& bus) {
  ByteArray<kBytes> value{};
  PciRegister where;
  where.offset = ConfigurationBase::kRegister;
  bus.read(where, value);
  return GuestAddress(get_le<std::uint64_t>(value, 0) & kBaseBits);
}

}  // namespace virtsev::vmm
