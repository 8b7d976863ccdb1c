// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/virtio_pci_device.hpp"

#include <utility>
#include <variant>

#include "driver/vmm/devices/device_log.hpp"
#include "driver/vmm/devices/hot_plug_slot.hpp"
#include "driver/vmm/pci/pci_host.hpp"
#include "driver/vmm/virtio/pci_capabilities.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::size_t kRegistersBar = 0;
constexpr std::size_t kMessagesBar = 1;

/// A function in the slot of a root port.
class SlotStay {
 public:
  /// Throws Error where another one is in it.
  SlotStay(PciRootPort& port, const std::string& id, PciFunction& function) : port_(port) {
    if (!port_.is_empty()) {
      throw Error(ErrorCode::kOperationInvalid,
                  text("the root port of the device \"{}\" has another device in its slot", id));
    }
    port_.plug_in(function);
  }
  ~SlotStay() { port_.pull_out(); }
  SlotStay(const SlotStay&) = delete;
  SlotStay& operator=(const SlotStay&) = delete;

 private:
  PciRootPort& port_;
};

std::string name_of(const spec::PciAddress& address) {
  return address.port == 0 ? "PCI device " + std::to_string(address.device)
                           : "PCI device behind root port " + std::to_string(address.port);
}

/// Behind a root port it has none until the guest gives it some, as after a reset.
GuestAddress bars_of(const spec::PciAddress& address) {
  return address.port == 0 ? bars_of_device(address.device) : GuestAddress(0);
}

class VirtioPciDevice final : public Device {
 public:
  VirtioPciDevice(const std::string& id, const spec::PciAddress& address,
                  std::unique_ptr<VirtioDevice> device, const Surroundings& surroundings)
      : device_(std::move(device)),
        // One for each queue, and one for changes of the configuration.
        messages_(surroundings.interrupts, device_->queue_sizes().size() + 1),
        transport_({id, *device_, messages_, surroundings.memory, surroundings.device_loop,
                    surroundings.doorbells, DeviceLog::to_standard_error}),
        window_(transport_, kRegistersBar),
        function_(name_of(address), identity_of(*device_), surroundings.buses.memory, bars_of(address)) {
    function_.add_bar({kRegistersBar, PciTransport::kBarSize, &transport_,
                       [this](std::optional<GuestAddress> bar) { transport_.place(bar); }});
    messages_.add_to(function_, kMessagesBar);
    window_.add_to(function_);
    if (address.port == 0) {
      place_ = attach_or_throw(surroundings.pci, id, address.device, function_);
    } else {
      place_.emplace<SlotStay>(surroundings.slots->at(address.port).port(), id, function_);
    }
  }

 private:
  std::unique_ptr<VirtioDevice> device_;
  Msix messages_;
  PciTransport transport_;
  RegisterWindow window_;
  PciFunction function_;
  // Last: the guest finds nothing of it any more once this has gone.
  std::variant<std::monostate, PciBus::Attachment, SlotStay> place_;
};

}  // namespace

std::unique_ptr<Device> make_virtio_pci_device(const std::string& id, spec::PciAddress address,
                                               std::unique_ptr<VirtioDevice> device,
                                               const Surroundings& surroundings) {
  return std::make_unique<VirtioPciDevice>(id, address, std::move(device), surroundings);
}

}  // namespace virtsev::vmm
