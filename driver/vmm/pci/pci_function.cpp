// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/pci/pci_function.hpp"

#include <algorithm>
#include <utility>

#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

/// Of a 32-bit BAR in memory, not prefetchable, bits 0 to 3 are 0 and stay so (6.2.5.1).
constexpr std::uint32_t kAddressBits = 0xfffffff0;

constexpr std::size_t register_of(std::size_t bar) { return pci_register::kBar0 + 4 * bar; }

}  // namespace

PciFunction::PciFunction(std::string name, const PciIdentity& identity, Bus& memory, GuestAddress window)
    : name_(std::move(name)), space_(identity), memory_(memory), next_bar_(window.value()) {}

void PciFunction::add_bar(PciBar bar) {
  const std::uint64_t address = round_up(next_bar_, bar.size);
  next_bar_ = address + bar.size;
  // The bits below its size are 0 whatever is written: so a guest learns the size (6.2.5.1).
  ByteArray<4> mask{};
  put_le<std::uint32_t>(mask, 0, ~(bar.size - 1) & kAddressBits);
  space_.set_writable(register_of(bar.index), mask);
  put_le<std::uint32_t>(space_.bytes(), register_of(bar.index), static_cast<std::uint32_t>(address));
  bars_.push_back({std::move(bar), std::nullopt, {}});
}

std::uint8_t PciFunction::add_capability(std::uint8_t id, ByteView body, ByteView writable,
                                         PciCapability* behaviour) {
  if (behaviour != nullptr) {
    capabilities_.push_back(behaviour);
  }
  return space_.add_capability(id, body, writable);
}

void PciFunction::add_registers(std::size_t offset, ByteView values, ByteView writable,
                                PciCapability* behaviour) {
  std::copy(values.begin(), values.end(), space_.bytes().begin() + static_cast<std::ptrdiff_t>(offset));
  space_.set_writable(offset, writable);
  if (behaviour != nullptr) {
    capabilities_.push_back(behaviour);
  }
}

void PciFunction::read(std::size_t offset, MutableBytes data) {
  for (PciCapability* capability : capabilities_) {
    capability->before_read(space_, offset, data.size());
  }
  space_.read(offset, data);
}

void PciFunction::write(std::size_t offset, ByteView data) {
  space_.write(offset, data);
  if (offset < register_of(kPciBars)) {
    place_bars();
  }
  for (PciCapability* capability : capabilities_) {
    capability->after_write(space_, offset, data.size());
  }
}

std::optional<std::uint64_t> PciFunction::wanted(const PciBar& bar) const {
  const auto command = get_le<std::uint16_t>(space_.bytes(), pci_register::kCommand);
  if ((command & kPciMemoryEnable) == 0) {
    return std::nullopt;
  }
  return get_le<std::uint32_t>(space_.bytes(), register_of(bar.index)) & kAddressBits;
}

void PciFunction::place_bars() {
  // First all that go, then all that come: a guest may exchange two.
  for (Placed& placed : bars_) {
    if (placed.at && placed.at != wanted(placed.bar)) {
      placed.at.reset();
      if (placed.bar.on_placed) {
        placed.bar.on_placed(std::nullopt);
      }
      placed.attachment = {};
    }
  }
  for (Placed& placed : bars_) {
    place(placed);
  }
}

void PciFunction::place(Placed& placed) {
  const std::optional<std::uint64_t> address = wanted(placed.bar);
  if (!address || placed.at) {
    return;
  }
  // Onto RAM, onto another device or outside of the windows: it answers nowhere, as long as it stands there.
  auto attachment = memory_.attach(name_ + " BAR " + std::to_string(placed.bar.index),
                                   {*address, placed.bar.size}, *placed.bar.registers);
  if (!attachment) {
    return;
  }
  placed.attachment = std::move(*attachment);
  placed.at = address;
  if (placed.bar.on_placed) {
    placed.bar.on_placed(GuestAddress(*address));
  }
}

}  // namespace virtsev::vmm
