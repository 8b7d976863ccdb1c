// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/lpc_bridge.hpp"

#include "sevcore/machine/firmware_layout.hpp"

namespace virtsev::vmm {
namespace {

/// 82801IB, with the class of an ISA bridge, behind which OVMF looks for the serial port.
constexpr PciIdentity kIdentity{0x8086, 0x2918, 2, 0x060100, 0x1af4, 0x1100};
/// All that are the bridge's own: PMBASE at 0x40, ACPI_CNTL at 0x44, interrupt routing, GEN_PMCON, RCBA.
constexpr std::size_t kFirst = 0x40;
constexpr std::size_t kBytes = 0xb0;

class LpcBridge final : public Device {
 public:
  explicit LpcBridge(const Surroundings& surroundings)
      : function_("LPC bridge", kIdentity, surroundings.buses.memory, layout::kMmio32.start) {
    ByteArray<kBytes> writable{};
    writable.fill(0xff);
    function_.add_registers(kFirst, {}, writable, nullptr);
    attachment_ = attach_or_throw(surroundings.pci, "LPC bridge", layout::kLpcPciSlot, function_);
  }

 private:
  PciFunction function_;
  PciBus::Attachment attachment_;
};

}  // namespace

std::unique_ptr<Device> make_device(const LpcBridgeOptions&, const Surroundings& surroundings) {
  return std::make_unique<LpcBridge>(surroundings);
}

}  // namespace virtsev::vmm
