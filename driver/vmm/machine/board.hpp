// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine's devices, wired: ports, interrupt lines, console.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "driver/vmm/bus/buses.hpp"
#include "driver/vmm/devices/acpi_power.hpp"
#include "driver/vmm/devices/console.hpp"
#include "driver/vmm/devices/keyboard_controller.hpp"
#include "driver/vmm/devices/real_time_clock.hpp"
#include "driver/vmm/devices/serial_port.hpp"

namespace virtsev::vmm {

class Board {
 public:
  struct Wiring {
    std::function<void(std::uint32_t line, bool level)> interrupt;
    std::function<void()> power_off;
    std::function<void()> reset;
    std::uint64_t memory_bytes = 0;  ///< The machine's RAM
    int console_master = -1;         ///< Borrowed, as is the log
    std::array<int, ConsoleLog::kFiles> console_log{-1, -1, -1, -1};
    Console::Watch console_watch;
  };

  explicit Board(const Wiring& wiring);

  Buses& buses() { return buses_; }
  Console& console() { return console_; }
  AcpiPower& power() { return power_; }

 private:
  Buses buses_;
  Console console_;
  SerialPort serial_;
  RealTimeClock clock_;
  AcpiPower power_;
  KeyboardController keyboard_;
  std::vector<Bus::Attachment> attachments_;  // Last: they go first
};

}  // namespace virtsev::vmm
