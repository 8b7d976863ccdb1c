// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/acpi_power.hpp"

#include <utility>

#include "driver/vmm/devices/port_device.hpp"
#include "sevcore/machine/firmware_layout.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {
namespace {

// Registers, as offsets from the device's first port.
constexpr std::uint16_t kSleepControl = layout::kSleepControlPort - layout::kPowerPort;
constexpr std::uint16_t kReset = layout::kResetPort - layout::kPowerPort;
constexpr std::uint16_t kEventStatus = layout::kEventStatusPort - layout::kPowerPort;

/// The upper byte of an ICH9's PM1 control register: OVMF switches off by it (OvmfPkg, ResetSystemLib).
constexpr std::uint16_t kPm1SleepControl = layout::kPm1ControlPort + 1 - layout::kPowerPort;
constexpr std::uint8_t kPm1SleepEnable = 1U << 5;

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
    interrupt_.lower();
  }
  events_ |= layout::kEventPowerButton;
  interrupt_.raise();
}

std::uint8_t AcpiPower::read_register(std::uint64_t offset) {
  if (offset != kEventStatus) {
    return 0;  // sleep status: never woken; the others can't be read
  }
  const std::lock_guard lock(mutex_);
  const std::uint8_t events = std::exchange(events_, std::uint8_t{0});
  if (events != 0) {
    interrupt_.lower();
  }
  return events;
}

void AcpiPower::write_register(std::uint64_t offset, std::uint8_t value) {
  if (offset == kSleepControl && (value & kSleepMask) == layout::kPowerOffValue) {
    actions_.power_off();
  } else if (offset == kPm1SleepControl && (value & kPm1SleepEnable) != 0) {
    actions_.power_off();  // This machine knows no other sleep
  } else if (offset == kReset && value == layout::kResetValue) {
    actions_.reset();
  }
}

std::unique_ptr<Device> make_device(const AcpiPowerOptions&, const Surroundings& surroundings) {
  auto device = std::make_unique<PortDevice<AcpiPower>>(
      surroundings.buses.ports, "power", BusRange{layout::kPowerPort, layout::kPowerPortCount},
      surroundings.interrupts.line(layout::kEventGsi),
      AcpiPower::Actions{surroundings.panel.power_off, surroundings.panel.reset});
  surroundings.panel.press_power_button = [power = &device->model()] { power->press_power_button(); };
  return device;
}

}  // namespace virtsev::vmm
