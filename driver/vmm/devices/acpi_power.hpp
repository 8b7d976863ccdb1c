// SPDX-License-Identifier: LGPL-2.1-or-later
// Power of a machine with hardware-reduced ACPI: the power button's event, power off and reset (ACPI 6.5,
// sections 4.8.3.7, 4.8.3.6, 5.6.9).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "driver/vmm/bus/bus_device.hpp"
#include "driver/vmm/devices/device.hpp"
#include "driver/vmm/interrupts/interrupt_line.hpp"

namespace virtsev::vmm {

struct AcpiPowerOptions {};
std::unique_ptr<Device> make_device(const AcpiPowerOptions& options, const Surroundings& surroundings);

/// Any thread.
class AcpiPower final : public ByteDevice {
 public:
  struct Actions {
    std::function<void()>
        power_off;  ///< The guest went to S5; called without a lock held, may be called more than once
    std::function<void()> reset;  ///< The guest wrote the reset register; called likewise
  };

  /// `interrupt`: the line of the machine's Generic Event Device.
  AcpiPower(InterruptLine interrupt, Actions actions);

  /// Somebody pressed the power button: the line rises until the guest reads the event register. It rises
  /// again at each press, as the guest may have missed the one before.
  void press_power_button();

 private:
  std::uint8_t read_register(std::uint64_t offset) override;
  void write_register(std::uint64_t offset, std::uint8_t value) override;

  std::mutex mutex_;
  InterruptLine interrupt_;
  Actions actions_;
  std::uint8_t events_ = 0;
};

}  // namespace virtsev::vmm
