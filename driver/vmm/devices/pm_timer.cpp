// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/pm_timer.hpp"

#include "driver/vmm/devices/port_device.hpp"
#include "sevcore/machine/firmware_layout.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint64_t kHertz = 3'579'545;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint32_t kBits = 0xffffff;

}  // namespace

void PmTimer::read(std::uint64_t offset, MutableBytes data) {
  const auto now = static_cast<std::uint64_t>(clock_().count());
  // Whole seconds apart: the product of all nanoseconds would not fit.
  const std::uint64_t ticks = now / kSecond * kHertz + now % kSecond * kHertz / kSecond;
  const auto value = static_cast<std::uint32_t>(ticks) & kBits;
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = offset + i < sizeof(value) ? static_cast<std::uint8_t>(value >> 8 * (offset + i)) : 0xff;
  }
}

std::unique_ptr<Device> make_device(const PmTimerOptions&, const Surroundings& surroundings) {
  return std::make_unique<PortDevice<PmTimer>>(surroundings.buses.ports, "ACPI timer",
                                               BusRange{layout::kPmTimerPort, layout::kPmTimerPortCount});
}

}  // namespace virtsev::vmm
