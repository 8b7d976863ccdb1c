// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/keyboard_controller.hpp"

#include "driver/vmm/devices/port_device.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint8_t kPulseResetLine = 0xfe;
/// A transfer that timed out, with a parity error: firmware (OVMF) looks for no keyboard any more, where it
/// would wait for one 57,000 times.
constexpr std::uint8_t kStatus = 0xc0;

}  // namespace

std::uint8_t KeyboardController::read_register(std::uint64_t /*offset*/) { return kStatus; }

void KeyboardController::write_register(std::uint64_t /*offset*/, std::uint8_t value) {
  if (value == kPulseResetLine) {
    reset_();
  }
}

std::unique_ptr<Device> make_device(const KeyboardControllerOptions&, const Surroundings& surroundings) {
  return std::make_unique<PortDevice<KeyboardController>>(
      surroundings.buses.ports, "keyboard controller",
      BusRange{KeyboardController::kPort, KeyboardController::kPortCount}, surroundings.panel.reset);
}

}  // namespace virtsev::vmm
