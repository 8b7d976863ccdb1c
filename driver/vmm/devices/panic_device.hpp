// SPDX-License-Identifier: LGPL-2.1-or-later
// pvpanic on PCI: one register by which a guest's kernel says that it panicked (QEMU, docs/specs/pvpanic).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "driver/vmm/bus/bus_device.hpp"
#include "driver/vmm/devices/virtio_pci_device.hpp"

namespace virtsev::vmm {

std::unique_ptr<Device> make_device(const OnPci<spec::Panic>& options, const Surroundings& surroundings);

/// Any thread. The first byte reads as the events that there are; the guest writes the one that came. Under
/// SEV it lies in memory that is not encrypted, as all registers do: what it says is the guest's word.
class PanicRegister final : public ByteDevice {
 public:
  /// The kernel panicked, and stops. A kernel that loads another one first (kdump) has CRASH_LOADED for that
  /// in Linux, where the device offers it; this one does not, and hears nothing of such a guest.
  static constexpr std::uint8_t kPanicked = 1;

  /// `panicked`: any thread, without a lock, more than once.
  explicit PanicRegister(std::function<void()> panicked) : panicked_(std::move(panicked)) {}

 private:
  std::uint8_t read_register(std::uint64_t offset) override { return offset == 0 ? kPanicked : 0; }
  void write_register(std::uint64_t offset, std::uint8_t value) override {
    if (offset == 0 && (value & kPanicked) != 0) {
      panicked_();
    }
  }

  std::function<void()> panicked_;
};

}  // namespace virtsev::vmm
