// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/pci/msix.hpp"

#include <algorithm>

namespace virtsev::vmm {
namespace {

constexpr std::uint8_t kCapabilityId = 0x11;
constexpr std::uint16_t kEnable = 1U << 15;  // Of message control (6.8.2.3)
constexpr std::uint16_t kMaskAll = 1U << 14;
constexpr std::size_t kControl = 12;  // In an entry
constexpr std::uint8_t kMasked = 1;

/// Where a processor takes messages (Intel SDM 3A, 10.11.1; AMD64 APM 2, 16.11): on hardware, a write to
/// anywhere else would go to RAM or to a device.
bool is_message(const MsiMessage& message) { return message.address >> 20 == 0xfee; }

}  // namespace

Msix::Msix(Interrupts& interrupts, std::size_t vectors) : vectors_(std::min(vectors, kMostVectors)) {
  for (Vector& vector : vectors_) {
    vector.interrupt = interrupts.msi();
    vector.entry[kControl] = kMasked;  // After a reset (6.8.2.9)
  }
}

void Msix::add_to(PciFunction& function, std::size_t bar) {
  ByteArray<10> body{};  // 6.8.2.2 to 6.8.2.5
  put_le<std::uint16_t>(body, 0, static_cast<std::uint16_t>(vectors_.size() - 1));
  put_le<std::uint32_t>(body, 2, static_cast<std::uint32_t>(bar));
  put_le<std::uint32_t>(body, 6, kPendingOffset | static_cast<std::uint32_t>(bar));
  ByteArray<2> writable{};
  put_le<std::uint16_t>(writable, 0, kEnable | kMaskAll);
  capability_ = function.add_capability(kCapabilityId, body, writable, this);
  function.add_bar({bar, kBarSize, this, {}});
}

bool Msix::enabled() const {
  const std::lock_guard lock(mutex_);
  return enabled_;
}

void Msix::send(std::size_t vector) {
  const std::lock_guard lock(mutex_);
  if (vector < vectors_.size() && enabled_) {
    vectors_[vector].pending = true;
    deliver(vectors_[vector]);
  }
}

bool Msix::masked(const Vector& vector) const {
  return !enabled_ || all_masked_ || (vector.entry[kControl] & kMasked) != 0;
}

void Msix::update(Vector& vector) {
  if (masked(vector)) {
    return;
  }
  const MsiMessage message{get_le<std::uint64_t>(vector.entry, 0), get_le<std::uint32_t>(vector.entry, 8)};
  if (vector.tried != message) {
    vector.tried = message;
    vector.usable = is_message(message) && vector.interrupt.set_message(message);
  }
  deliver(vector);
}

void Msix::deliver(Vector& vector) {
  if (vector.pending && vector.usable && !masked(vector)) {
    vector.pending = false;
    vector.interrupt.send();
  }
}

std::uint8_t Msix::byte_at(std::uint64_t offset) const {
  if (offset < vectors_.size() * 16) {
    return vectors_[offset / 16].entry[offset % 16];
  }
  std::uint8_t pending = 0;
  for (std::uint64_t bit = 0; offset >= kPendingOffset && bit < 8; ++bit) {
    const std::uint64_t vector = (offset - kPendingOffset) * 8 + bit;
    if (vector < vectors_.size() && vectors_[vector].pending) {
      pending = static_cast<std::uint8_t>(pending | 1U << bit);
    }
  }
  return pending;
}

void Msix::read(std::uint64_t offset, MutableBytes data) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = byte_at(offset + i);
  }
}

void Msix::write(std::uint64_t offset, ByteView data) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < data.size() && offset + i < vectors_.size() * 16; ++i) {
    const std::uint64_t at = (offset + i) % 16;
    // Of the control, all but the mask is reserved.
    const std::uint8_t kept = at < kControl ? 0xff : at == kControl ? kMasked : 0;
    vectors_[(offset + i) / 16].entry[at] = static_cast<std::uint8_t>(data[i] & kept);
  }
  const std::uint64_t last = offset + data.size() - 1;
  for (std::uint64_t vector = offset / 16; vector <= last / 16 && vector < vectors_.size(); ++vector) {
    update(vectors_[vector]);
  }
}

void Msix::after_write(ConfigurationSpace& space, std::size_t offset, std::size_t size) {
  if (offset >= capability_ + 4 || offset + size <= capability_ + 2) {
    return;
  }
  const std::lock_guard lock(mutex_);
  const auto control = get_le<std::uint16_t>(space.bytes(), capability_ + 2);
  enabled_ = (control & kEnable) != 0;
  all_masked_ = (control & kMaskAll) != 0;
  for (Vector& vector : vectors_) {
    vector.pending = vector.pending && enabled_;
    update(vector);
  }
}

}  // namespace virtsev::vmm
