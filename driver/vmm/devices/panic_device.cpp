// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/panic_device.hpp"

#include "driver/vmm/pci/pci_host.hpp"

namespace virtsev::vmm {
namespace {

/// Red Hat's pvpanic, as QEMU's; class 08.80, another system peripheral.
constexpr PciIdentity kIdentity{0x1b36, 0x0011, 1, 0x088000, 0x1af4, 0x1100};
constexpr std::uint32_t kBarBytes = 16;  // The least there can be; the register is its first byte

class PanicDevice final : public Device {
 public:
  PanicDevice(const OnPci<spec::Panic>& options, const Surroundings& surroundings)
      : register_([&panel = surroundings.panel] { panel.panicked(); }),
        function_("PCI device " + std::to_string(options.address.device), kIdentity,
                  surroundings.buses.memory, bars_of_device(options.address.device)) {
    function_.add_bar({0, kBarBytes, &register_, {}});
    attachment_ = attach_or_throw(surroundings.pci, options.id, options.address.device, function_);
  }

 private:
  PanicRegister register_;
  PciFunction function_;
  PciBus::Attachment attachment_;
};

}  // namespace

std::unique_ptr<Device> make_device(const OnPci<spec::Panic>& options, const Surroundings& surroundings) {
  return std::make_unique<PanicDevice>(options, surroundings);
}

}  // namespace virtsev::vmm
