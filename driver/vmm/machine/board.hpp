// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine's devices, wired: ports, interrupt lines, console.
#pragma once

#include <array>
#include <functional>

#include "driver/vmm/devices/acpi_power.hpp"
#include "driver/vmm/devices/console.hpp"
#include "driver/vmm/devices/keyboard_controller.hpp"
#include "driver/vmm/devices/port_bus.hpp"
#include "driver/vmm/devices/real_time_clock.hpp"
#include "driver/vmm/devices/serial_port.hpp"

namespace virtsev::vmm {

class Board {
 public:
  struct Wiring {
    std::function<void(std::uint32_t line, bool level)> interrupt;
    std::function<void()> power_off;
    std::function<void()> reset;
    int console_master = -1;  ///< Borrowed, as is the log
    std::array<int, ConsoleLog::kFiles> console_log{-1, -1, -1, -1};
    Console::Watch console_watch;
  };

  explicit Board(const Wiring& wiring);

  [[nodiscard]] const PortBus& ports() const { return ports_; }
  Console& console() { return console_; }
  AcpiPower& power() { return power_; }

 private:
  Console console_;
  SerialPort serial_;
  RealTimeClock clock_;
  AcpiPower power_;
  KeyboardController keyboard_;
  PortBus ports_;
};

}  // namespace virtsev::vmm
