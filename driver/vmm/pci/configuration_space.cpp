// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/pci/configuration_space.hpp"

#include <algorithm>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint16_t kBusMaster = 1U << 2;
constexpr std::uint16_t kInterruptDisable = 1U << 10;
constexpr std::uint16_t kStatusCapabilities = 1U << 4;

}  // namespace

ConfigurationSpace::ConfigurationSpace(const PciIdentity& identity) {
  using namespace pci_register;
  const MutableBytes bytes(bytes_);
  put_le<std::uint16_t>(bytes, 0x00, identity.vendor);
  put_le<std::uint16_t>(bytes, 0x02, identity.device);
  bytes[0x08] = identity.revision;
  bytes[0x09] = static_cast<std::uint8_t>(identity.class_code);
  bytes[0x0a] = static_cast<std::uint8_t>(identity.class_code >> 8);
  bytes[0x0b] = static_cast<std::uint8_t>(identity.class_code >> 16);
  put_le<std::uint16_t>(bytes, 0x2c, identity.subsystem_vendor);
  put_le<std::uint16_t>(bytes, 0x2e, identity.subsystem);
  const MutableBytes writable(writable_);
  // No I/O ports and no interrupt pin, so their bits of the command register do nothing.
  put_le<std::uint16_t>(writable, kCommand, kPciMemoryEnable | kBusMaster | kInterruptDisable);
  writable[0x0c] = 0xff;            // Cache line size: the guest's own note
  writable[kInterruptLine] = 0xff;  // The same
}

void ConfigurationSpace::make_bridge() {
  const MutableBytes bytes(bytes_);
  bytes[pci_register::kHeaderType] = 1;
  put_le<std::uint32_t>(bytes, 0x2c, 0);       // No subsystem there
  put_le<std::uint16_t>(bytes, 0x20, 0xfff0);  // A window from behind its end: none, until the guest has one
  const MutableBytes writable(writable_);
  put_le<std::uint32_t>(writable, 0x18, 0x00ffffff);  // Primary, secondary, subordinate bus
  put_le<std::uint32_t>(writable, 0x20, 0xfff0fff0);  // Base and limit of the window
  put_le<std::uint16_t>(writable, 0x3e, 0x0047);      // Bridge control: forwarding of errors, VGA, reset
}

void ConfigurationSpace::read(std::size_t offset, MutableBytes data) const {
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = offset + i < kSize ? bytes_[offset + i] : 0xff;
  }
}

void ConfigurationSpace::write(std::size_t offset, ByteView data) {
  for (std::size_t i = 0; i < data.size() && offset + i < kSize; ++i) {
    std::uint8_t& byte = bytes_[offset + i];
    const std::uint8_t mask = writable_[offset + i];
    byte = static_cast<std::uint8_t>((byte & ~mask) | (data[i] & mask));
  }
}

std::uint8_t ConfigurationSpace::add_capability(std::uint8_t id, ByteView body, ByteView writable) {
  const std::size_t offset = next_capability_;
  const std::size_t size = 2 + body.size();
  if (offset + size > kSize || writable.size() > body.size()) {
    throw Error(ErrorCode::kInternal, text("a PCI function has no room for another capability"));
  }
  bytes_[offset] = id;
  std::copy(body.begin(), body.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(offset + 2));
  set_writable(offset + 2, writable);
  bytes_[last_link_] = static_cast<std::uint8_t>(offset);
  last_link_ = offset + 1;
  next_capability_ = round_up(offset + size, 4);
  bytes_[pci_register::kStatus] |= kStatusCapabilities;
  return static_cast<std::uint8_t>(offset);
}

void ConfigurationSpace::set_writable(std::size_t offset, ByteView mask) {
  std::copy(mask.begin(), mask.end(), writable_.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace virtsev::vmm
