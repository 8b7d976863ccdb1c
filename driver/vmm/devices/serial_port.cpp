// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/serial_port.hpp"

#include <algorithm>
#include <utility>

#include "driver/vmm/devices/console.hpp"
#include "driver/vmm/devices/console_watch.hpp"
#include "driver/vmm/devices/serial_registers.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {

using namespace serial;

SerialPort::SerialPort(InterruptLine interrupt, Output output, RoomAgain room_again)
    : interrupt_(std::move(interrupt)), output_(std::move(output)), room_again_(std::move(room_again)) {}

std::size_t SerialPort::receive(ByteView input) {
  const std::lock_guard lock(mutex_);
  const std::size_t taken = std::min(input.size(), kInputCapacity - input_length_);
  for (const std::uint8_t byte : input.first(taken)) {
    push_input(byte);
  }
  update_line();
  return taken;
}

std::size_t SerialPort::room() const {
  const std::lock_guard lock(mutex_);
  return kInputCapacity - input_length_;
}

std::uint8_t SerialPort::read_register(std::uint64_t offset) {
  const std::lock_guard lock(mutex_);
  switch (offset) {
    case kData:
      return divisor_latch() ? static_cast<std::uint8_t>(divisor_) : read_data();
    case kInterruptEnable:
      return divisor_latch() ? static_cast<std::uint8_t>(divisor_ >> 8) : interrupt_enable_;
    case kInterruptIdentification:
      return read_interrupt_identification();
    case kLineControl:
      return line_control_;
    case kModemControl:
      return modem_control_;
    case kLineStatus:
      return read_line_status();
    case kModemStatus:
      return read_modem_status();
    default:
      return scratch_;
  }
}

void SerialPort::write_register(std::uint64_t offset, std::uint8_t value) {
  const std::lock_guard lock(mutex_);
  switch (offset) {
    case kData:
      if (divisor_latch()) {
        divisor_ = static_cast<std::uint16_t>((divisor_ & 0xff00) | value);
      } else {
        write_data(value);
      }
      break;
    case kInterruptEnable:
      if (divisor_latch()) {
        divisor_ = static_cast<std::uint16_t>((divisor_ & 0x00ff) | value << 8);
      } else {
        write_interrupt_enable(value);
      }
      break;
    case kFifoControl:
      write_fifo_control(value);
      break;
    case kLineControl:
      line_control_ = value;
      break;
    case kModemControl:
      write_modem_control(value);
      break;
    case kScratch:
      scratch_ = value;
      break;
    default:
      break;  // the status registers are the device's
  }
}

std::uint8_t SerialPort::read_data() {
  if (input_length_ == 0) {
    return 0;
  }
  const std::uint8_t value = input_[input_start_];
  drop_input(1);
  update_line();
  return value;
}

std::uint8_t SerialPort::read_interrupt_identification() {
  const std::uint8_t pending = pending_interrupt();
  if (pending == kTransmitterEmpty) {
    transmitter_empty_pending_ = false;
    update_line();
  }
  return pending | (fifo_ ? kFifosEnabled : 0);
}

std::uint8_t SerialPort::read_line_status() {
  const std::uint8_t status =
      kTransmitterIdle | (input_length_ > 0 ? kDataReady : 0) | (overrun_ ? kOverrun : 0);
  overrun_ = false;
  update_line();
  return status;
}

std::uint8_t SerialPort::read_modem_status() {
  const std::uint8_t status = modem_lines() | modem_changes_;
  modem_changes_ = 0;
  update_line();
  return status;
}

void SerialPort::write_data(std::uint8_t value) {
  if (!loopback()) {
    output_(ByteView(&value, 1));
  } else if (input_length_ < kInputCapacity) {
    push_input(value);
  } else {
    overrun_ = true;
  }
  transmitter_empty_pending_ = true;  // a byte is sent as soon as it is written
  update_line();
}

void SerialPort::write_interrupt_enable(std::uint8_t value) {
  value &= kInterruptEnableMask;
  if ((value & ~interrupt_enable_ & kOnTransmitterEmpty) != 0) {
    transmitter_empty_pending_ = true;
  }
  interrupt_enable_ = value;
  update_line();
}

void SerialPort::write_fifo_control(std::uint8_t value) {
  const bool enable = (value & kFifoEnable) != 0;
  if (enable != fifo_ || (enable && (value & kClearReceiver) != 0)) {
    // What waits behind the FIFO has not arrived yet.
    drop_input(std::min(input_length_, fifo_ ? kFifoDepth : 1));
  }
  fifo_ = enable;
  update_line();
}

void SerialPort::write_modem_control(std::uint8_t value) {
  const std::uint8_t before = modem_lines();
  modem_control_ = value & kModemControlMask;
  const std::uint8_t after = modem_lines();
  const std::uint8_t changed = before ^ after;
  // CTS, DSR and DCD report any change, RI its end alone.
  modem_changes_ |= static_cast<std::uint8_t>((changed & (kCts | kDsr | kCarrier)) >> 4);
  if ((changed & before & kRing) != 0) {
    modem_changes_ |= kRingEnded;
  }
  update_line();
}

std::uint8_t SerialPort::pending_interrupt() const {
  if ((interrupt_enable_ & kOnLineStatus) != 0 && overrun_) {
    return kLineStatusChanged;
  }
  if ((interrupt_enable_ & kOnReceived) != 0 && input_length_ > 0) {
    return kReceived;
  }
  if ((interrupt_enable_ & kOnTransmitterEmpty) != 0 && transmitter_empty_pending_) {
    return kTransmitterEmpty;
  }
  if ((interrupt_enable_ & kOnModemStatus) != 0 && modem_changes_ != 0) {
    return kModemStatusChanged;
  }
  return kNoInterrupt;
}

std::uint8_t SerialPort::modem_lines() const {
  if (!loopback()) {
    return kCts | kDsr | kCarrier;  // somebody is always there
  }
  const auto if_set = [&](std::uint8_t control, std::uint8_t line) {
    return (modem_control_ & control) != 0 ? line : std::uint8_t{0};
  };
  return if_set(kDtr, kDsr) | if_set(kRts, kCts) | if_set(kOut1, kRing) | if_set(kOut2, kCarrier);
}

bool SerialPort::divisor_latch() const { return (line_control_ & kDivisorLatch) != 0; }

bool SerialPort::loopback() const { return (modem_control_ & kLoopback) != 0; }

void SerialPort::push_input(std::uint8_t value) {
  input_[(input_start_ + input_length_) % kInputCapacity] = value;
  ++input_length_;
  input_was_full_ = input_was_full_ || input_length_ == kInputCapacity;
}

void SerialPort::drop_input(std::size_t count) {
  input_start_ = (input_start_ + count) % kInputCapacity;
  input_length_ -= count;
  if (input_was_full_ && input_length_ <= kInputCapacity / 2) {
    input_was_full_ = false;
    if (room_again_) {
      room_again_();
    }
  }
}

void SerialPort::update_line() {
  const bool passes = (modem_control_ & kOut2) != 0 && !loopback();
  const bool level = passes && pending_interrupt() != kNoInterrupt;
  interrupt_.set(level);
}

namespace {

/// COM1 with the console behind it.
class SerialDevice final : public Device {
 public:
  SerialDevice(const spec::Serial& options, const Surroundings& surroundings)
      : console_(options.terminal_master, log_of(options),
                 [this](Console::Interest interest) { watch_.set_interest(interest); }),
        port_(
            surroundings.interrupts.line(layout::kCom1Gsi),
            [this](ByteView output) { console_.write(output); }, [this] { console_.room_again(); }),
        watch_(surroundings.loop, options.terminal_master, console_),
        attachment_(attach_or_throw(surroundings.buses.ports, "COM1",
                                    {layout::kCom1Port, SerialPort::kPortCount}, port_)) {
    console_.connect(port_);
    surroundings.panel.has_spoken = [this] { return console_.has_spoken(); };
  }

  void finish() override { console_.on_writable(); }

 private:
  static std::optional<ConsoleLog> log_of(const spec::Serial& options) {
    return options.log[0] < 0 ? std::nullopt : std::optional(ConsoleLog(options.log));
  }

  Console console_;
  SerialPort port_;
  ConsoleWatch watch_;
  Bus::Attachment attachment_;
};

}  // namespace

std::unique_ptr<Device> make_device(const spec::Serial& options, const Surroundings& surroundings) {
  return std::make_unique<SerialDevice>(options, surroundings);
}

}  // namespace virtsev::vmm
