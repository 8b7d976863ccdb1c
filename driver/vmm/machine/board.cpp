// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine's devices, wired as sevcore/machine/memory_layout.hpp lays the machine out.
#include "driver/vmm/machine/board.hpp"

#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {
namespace {

InterruptLine line(const Board::Wiring& wiring, std::uint32_t number) {
  return [interrupt = wiring.interrupt, number](bool level) { interrupt(number, level); };
}

std::optional<ConsoleLog> make_log(const Board::Wiring& wiring) {
  if (wiring.console_log[0] < 0) {
    return std::nullopt;
  }
  return ConsoleLog(wiring.console_log);
}

}  // namespace

Board::Board(const Wiring& wiring)
    : buses_(wiring.memory_bytes),
      console_(wiring.console_master, make_log(wiring), wiring.console_watch),
      serial_(
          line(wiring, layout::kCom1Gsi), [this](ByteView output) { console_.write(output); },
          [this] { console_.room_again(); }),
      power_(line(wiring, layout::kEventGsi), {wiring.power_off, wiring.reset}),
      keyboard_(wiring.reset) {
  console_.connect(serial_);
  const auto attach = [this](const char* name, std::uint16_t port, std::uint16_t count, BusDevice& device) {
    attachments_.push_back(attach_or_throw(buses_.ports, name, {port, count}, device));
  };
  attach("COM1", layout::kCom1Port, SerialPort::kPortCount, serial_);
  attach("clock", layout::kRtcPort, RealTimeClock::kPortCount, clock_);
  attach("power", layout::kPowerPort, layout::kPowerPortCount, power_);
  attach("keyboard controller", KeyboardController::kPort, KeyboardController::kPortCount, keyboard_);
}

}  // namespace virtsev::vmm
