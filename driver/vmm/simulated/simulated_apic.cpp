// SPDX-License-Identifier: LGPL-2.1-or-later
// Registers and their bits: AMD APM volume 2, 16.3.2 and 16.5.
#include "driver/vmm/simulated/simulated_apic.hpp"

#include <algorithm>

#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint32_t kEndOfInterrupt = 0xb0;
constexpr std::uint32_t kCommandLow = 0x300;
constexpr std::uint32_t kCommandHigh = 0x310;

// Of the interrupt command register's lower half.
constexpr std::uint32_t kVectorAndMode = 0x7ff;
constexpr std::uint32_t kLogical = 1U << 11;
constexpr std::uint32_t kAssert = 1U << 14;
constexpr std::uint32_t kLevelTriggered = 1U << 15;
constexpr std::uint32_t kModeMask = 7U << 8;
constexpr std::uint32_t kInit = 5U << 8;
enum class Shorthand : std::uint32_t { kNone = 0, kSelf = 1, kAll = 2, kOthers = 3 };

// Of a message's address.
constexpr unsigned kDestination = 12;
constexpr std::uint64_t kLogicalDestination = 1U << 2;

}  // namespace

void SimulatedApic::access(Vcpu& vcpu, std::uint32_t id, std::uint64_t offset, bool is_write,
                           MutableBytes data) const {
  // Registers are 4 bytes, each at a multiple of 16 (16.3.2); nothing else is defined.
  const auto at = static_cast<std::uint32_t>(offset);
  const bool is_register = data.size() == 4 && at % 16 == 0 && at < KVM_APIC_REG_SIZE;
  if (!is_write) {
    std::fill(data.begin(), data.end(), std::uint8_t{0});
    if (is_register) {
      put_le<std::uint32_t>(data, 0, vcpu.local_apic(at));
    }
  } else if (is_register && at == kCommandLow) {
    send(vcpu, id, get_le<std::uint32_t>(data, 0));
  } else if (is_register && at != kEndOfInterrupt) {
    vcpu.set_local_apic(at, get_le<std::uint32_t>(data, 0));
  }
}

void SimulatedApic::send(Vcpu& vcpu, std::uint32_t id, std::uint32_t command) const {
  if (!send_ || ((command & kModeMask) == kInit && (command & kAssert) == 0)) {
    return;  // INIT's end is nothing to a processor of today (16.5)
  }
  const std::uint32_t data = command & (kVectorAndMode | kAssert | kLevelTriggered);
  const auto to = [&](std::uint64_t apic, bool logical) {
    send_(layout::kLocalApic.start.value() | apic << kDestination | (logical ? kLogicalDestination : 0),
          data);
  };
  const auto shorthand = static_cast<Shorthand>(command >> 18 & 3);
  if (shorthand == Shorthand::kNone) {
    to(vcpu.local_apic(kCommandHigh) >> 24, (command & kLogical) != 0);
    return;
  }
  for (std::uint32_t other = 0; other < vcpus_; ++other) {
    const bool is_self = other == id;
    if (shorthand == Shorthand::kAll || is_self == (shorthand == Shorthand::kSelf)) {
      to(layout::apic_id(other), false);
    }
  }
}

}  // namespace virtsev::vmm
