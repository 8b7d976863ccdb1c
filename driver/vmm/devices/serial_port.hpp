// SPDX-License-Identifier: LGPL-2.1-or-later
// A 16550A serial port: COM1 of the machine (National Semiconductor PC16550D data sheet, section 8).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "driver/spec/machine.hpp"
#include "driver/vmm/bus/bus_device.hpp"
#include "driver/vmm/devices/device.hpp"
#include "driver/vmm/interrupts/interrupt_line.hpp"

namespace virtsev::vmm {

/// COM1; the descriptors are borrowed.
std::unique_ptr<Device> make_device(const spec::Serial& options, const Surroundings& surroundings);

/// The port itself. Any thread.
class SerialPort final : public ByteDevice {
 public:
  static constexpr std::uint16_t kPortCount = 8;
  /// How much input waits for the guest at most.
  static constexpr std::size_t kInputCapacity = 256;

  /// What the guest sends; called with the device's lock held, so it may not call this device.
  using Output = std::function<void(ByteView)>;
  /// The guest has read half of the input, after there was no more room; called as Output is.
  using RoomAgain = std::function<void()>;

  SerialPort(InterruptLine interrupt, Output output, RoomAgain room_again = {});

  /// Input for the guest. Takes what there is room for, and gives its length; what it did not take is the
  /// caller's to keep.
  std::size_t receive(ByteView input);

  /// How many bytes receive() would take now.
  [[nodiscard]] std::size_t room() const;

 private:
  std::uint8_t read_register(std::uint64_t offset) override;
  void write_register(std::uint64_t offset, std::uint8_t value) override;

  std::uint8_t read_data();
  std::uint8_t read_interrupt_identification();
  std::uint8_t read_line_status();
  std::uint8_t read_modem_status();
  void write_data(std::uint8_t value);
  void write_interrupt_enable(std::uint8_t value);
  void write_fifo_control(std::uint8_t value);
  void write_modem_control(std::uint8_t value);

  [[nodiscard]] std::uint8_t pending_interrupt() const;
  [[nodiscard]] std::uint8_t modem_lines() const;
  [[nodiscard]] bool divisor_latch() const;
  [[nodiscard]] bool loopback() const;
  void push_input(std::uint8_t value);
  void drop_input(std::size_t count);
  void update_line();

  mutable std::mutex mutex_;
  InterruptLine interrupt_;
  Output output_;
  RoomAgain room_again_;

  std::array<std::uint8_t, kInputCapacity> input_{};
  std::size_t input_start_ = 0;
  std::size_t input_length_ = 0;
  bool input_was_full_ = false;

  bool transmitter_empty_pending_ = false;
  bool overrun_ = false;
  bool fifo_ = false;
  std::uint8_t interrupt_enable_ = 0;
  std::uint8_t line_control_ = 0;
  std::uint8_t modem_control_ = 0;
  std::uint8_t modem_changes_ = 0;
  std::uint8_t scratch_ = 0;
  std::uint16_t divisor_ = 12;  // 9600 baud; the guest's wire has no speed, but reads it back
};

}  // namespace virtsev::vmm
