// SPDX-License-Identifier: LGPL-2.1-or-later
// The CMOS clock of a PC, ports 0x70 and 0x71 (Motorola MC146818A data sheet): the host's time in UTC, BCD,
// 24 hours. It has no alarm and no interrupt, and the guest can't set it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "driver/vmm/bus/bus_device.hpp"
#include "driver/vmm/devices/device.hpp"

namespace virtsev::vmm {

struct RealTimeClockOptions {};
std::unique_ptr<Device> make_device(const RealTimeClockOptions& options, const Surroundings& surroundings);

/// Any thread.
class RealTimeClock final : public ByteDevice {
 public:
  static constexpr std::uint16_t kPortCount = 2;
  using Clock = std::function<std::chrono::system_clock::time_point()>;

  explicit RealTimeClock(Clock clock = std::chrono::system_clock::now);

 private:
  std::uint8_t read_register(std::uint64_t offset) override;
  void write_register(std::uint64_t offset, std::uint8_t value) override;

  std::mutex mutex_;
  Clock clock_;
  std::uint8_t index_ = 0;
  std::array<std::uint8_t, 128> memory_{};  // battery-backed bytes: the guest's to use, gone with the guest
};

}  // namespace virtsev::vmm
