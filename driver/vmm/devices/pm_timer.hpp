// SPDX-License-Identifier: LGPL-2.1-or-later
// The ACPI timer (ACPI 6.4, 4.8.3.3): by it OVMF waits, for it has no other clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "driver/vmm/bus/bus_device.hpp"
#include "driver/vmm/devices/device.hpp"

namespace virtsev::vmm {

struct PmTimerOptions {};
std::unique_ptr<Device> make_device(const PmTimerOptions& options, const Surroundings& surroundings);

/// 24 bits, little-endian, that count at 3.579545 MHz from an unknown start; the fourth byte is 0. No carry
/// interrupt. Any thread.
class PmTimer final : public BusDevice {
 public:
  using Clock = std::function<std::chrono::nanoseconds()>;
  explicit PmTimer(Clock clock = [] { return std::chrono::steady_clock::now().time_since_epoch(); })
      : clock_(std::move(clock)) {}

  void read(std::uint64_t offset, MutableBytes data) override;
  /// It can't be written.
  void write(std::uint64_t /*offset*/, ByteView /*data*/) override {}

 private:
  Clock clock_;
};

}  // namespace virtsev::vmm
