// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/pci/configuration_access.hpp"

#include <algorithm>

namespace virtsev::vmm {
namespace {

constexpr std::uint64_t kDataPort = 4;
constexpr std::uint32_t kEnabled = 1U << 31;
constexpr std::uint32_t kAddressWritable = 0x80fffffc;  // The others are reserved, and read as 0
/// Behind all registers: nothing answers there.
constexpr PciRegister kNothing{0xff, 0, 0, 0};

PciRegister ecam_register(std::uint64_t offset) {
  return {static_cast<std::uint8_t>(offset >> 20), static_cast<std::uint8_t>((offset >> 15) & 0x1f),
          static_cast<std::uint8_t>((offset >> 12) & 7), offset & 0xfff};
}

}  // namespace

PciRegister ConfigurationPorts::register_at(std::uint64_t offset) {
  const std::lock_guard lock(mutex_);
  if ((address_ & kEnabled) == 0) {
    return kNothing;
  }
  return {static_cast<std::uint8_t>(address_ >> 16), static_cast<std::uint8_t>((address_ >> 11) & 0x1f),
          static_cast<std::uint8_t>((address_ >> 8) & 7), (address_ & 0xfc) + (offset - kDataPort)};
}

void ConfigurationPorts::read(std::uint64_t offset, MutableBytes data) {
  if (offset >= kDataPort) {
    bus_.read(register_at(offset), data);
  } else if (offset == 0 && data.size() == 4) {
    const std::lock_guard lock(mutex_);
    put_le<std::uint32_t>(data, 0, address_);
  } else {
    std::fill(data.begin(), data.end(), std::uint8_t{0xff});  // Only a double word is the address
  }
}

void ConfigurationPorts::write(std::uint64_t offset, ByteView data) {
  if (offset >= kDataPort) {
    bus_.write(register_at(offset), data);
  } else if (offset == 0 && data.size() == 4) {
    const std::lock_guard lock(mutex_);
    address_ = get_le<std::uint32_t>(data, 0) & kAddressWritable;
  }
}

void ConfigurationMemory::read(std::uint64_t offset, MutableBytes data) {
  bus_.read(ecam_register(offset), data);
}

void ConfigurationMemory::write(std::uint64_t offset, ByteView data) {
  bus_.write(ecam_register(offset), data);
}

}  // namespace virtsev::vmm
