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
    : console_(wiring.console_master, make_log(wiring), wiring.console_watch),
      serial_(
          line(wiring, layout::kCom1Gsi), [this](ByteView output) { console_.write(output); },
          [this] { console_.room_again(); }),
      power_(line(wiring, layout::kEventGsi), {wiring.power_off, wiring.reset}),
      keyboard_(wiring.reset) {
  console_.connect(serial_);
  ports_.attach(layout::kCom1Port, SerialPort::kPortCount, serial_);
  ports_.attach(layout::kRtcPort, RealTimeClock::kPortCount, clock_);
  ports_.attach(layout::kPowerPort, layout::kPowerPortCount, power_);
  ports_.attach(KeyboardController::kPort, KeyboardController::kPortCount, keyboard_);
}

}  // namespace virtsev::vmm
