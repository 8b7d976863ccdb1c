// SPDX-License-Identifier: LGPL-2.1-or-later
// What is left of an i8042 keyboard controller: its command port, 0x64. It has no keyboard; it can reset the
// machine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "driver/vmm/bus/bus_device.hpp"
#include "driver/vmm/devices/device.hpp"

namespace virtsev::vmm {

struct KeyboardControllerOptions {};
std::unique_ptr<Device> make_device(const KeyboardControllerOptions& options,
                                    const Surroundings& surroundings);

/// Any thread. Reads as broken (nothing to read, ready for a command): with 0xff a guest would wait for it
/// 65,000 times. Command 0xfe pulses the reset line.
class KeyboardController final : public ByteDevice {
 public:
  static constexpr std::uint16_t kPort = 0x64;
  static constexpr std::uint16_t kPortCount = 1;

  explicit KeyboardController(std::function<void()> reset) : reset_(std::move(reset)) {}

 private:
  std::uint8_t read_register(std::uint64_t offset) override;
  void write_register(std::uint64_t offset, std::uint8_t value) override;

  std::function<void()> reset_;
};

}  // namespace virtsev::vmm
