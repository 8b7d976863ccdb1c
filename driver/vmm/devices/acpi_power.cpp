// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/acpi_power.hpp"

#include <utility>

#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {
namespace {

// Registers, as offsets from the device's first port.
constexpr std::uint16_t kSleepControl = layout::kSleepControlPort - layout::kPowerPort;
constexpr std::uint16_t kReset = layout::kResetPort - layout::kPowerPort;
constexpr std::uint16_t kEventStatus = layout::kEventStatusPort - layout::kPowerPort;

// The event register is 4 bytes wide; its lowest byte holds all events that there are.
static_assert(layout::kEventPowerButton < 0x100);

constexpr std::uint8_t kSleepMask = layout::kSleepEnable | (7U << 2);

}  // namespace

AcpiPower::AcpiPower(InterruptLine interrupt, Actions actions)
    : interrupt_(std::move(interrupt)), actions_(std::move(actions)) {}

void AcpiPower::press_power_button() {
  const std::lock_guard lock(mutex_);
  if (events_ != 0) {
    // The line is edge-triggered, and KVM forgets an edge that comes while the pin is masked: before the
    // guest's driver is there. Held high it would stay deaf to every later press.
    interrupt_(false);
  }
  events_ |= layout::kEventPowerButton;
  interrupt_(true);
}

std::uint8_t AcpiPower::read_register(std::uint64_t offset) {
  if (offset != kEventStatus) {
    return 0;  // sleep status: never woken; the others can't be read
  }
  const std::lock_guard lock(mutex_);
  const std::uint8_t events = std::exchange(events_, std::uint8_t{0});
  if (events != 0) {
    interrupt_(false);
  }
  return events;
}

void AcpiPower::write_register(std::uint64_t offset, std::uint8_t value) {
  if (offset == kSleepControl && (value & kSleepMask) == layout::kPowerOffValue) {
    actions_.power_off();
  } else if (offset == kReset && value == layout::kResetValue) {
    actions_.reset();
  }
}

}  // namespace virtsev::vmm
