// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/virtio_pci_device.hpp"

#include <utility>

#include "driver/vmm/devices/device_log.hpp"
#include "driver/vmm/pci/pci_host.hpp"
#include "driver/vmm/virtio/pci_capabilities.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::size_t kRegistersBar = 0;
constexpr std::size_t kMessagesBar = 1;

class VirtioPciDevice final : public Device {
 public:
  VirtioPciDevice(const std::string& id, std::uint8_t number, std::unique_ptr<VirtioDevice> device,
                  const Surroundings& surroundings)
      : device_(std::move(device)),
        // One for each queue, and one for changes of the configuration.
        messages_(surroundings.interrupts, device_->queue_sizes().size() + 1),
        transport_({id, *device_, messages_, surroundings.memory, surroundings.device_loop,
                    surroundings.doorbells, DeviceLog::to_standard_error}),
        window_(transport_, kRegistersBar),
        function_("PCI device " + std::to_string(number), identity_of(*device_), surroundings.buses.memory,
                  bars_of_device(number)) {
    function_.add_bar({kRegistersBar, PciTransport::kBarSize, &transport_,
                       [this](std::optional<GuestAddress> bar) { transport_.place(bar); }});
    messages_.add_to(function_, kMessagesBar);
    window_.add_to(function_);
    attachment_ = attach_or_throw(surroundings.pci, id, number, function_);
  }

 private:
  std::unique_ptr<VirtioDevice> device_;
  Msix messages_;
  PciTransport transport_;
  RegisterWindow window_;
  PciFunction function_;
  PciBus::Attachment attachment_;  // Last: the guest finds nothing of it any more once this has gone
};

}  // namespace

std::unique_ptr<Device> make_virtio_pci_device(const std::string& id, spec::PciAddress address,
                                               std::unique_ptr<VirtioDevice> device,
                                               const Surroundings& surroundings) {
  return std::make_unique<VirtioPciDevice>(id, address.device, std::move(device), surroundings);
}

}  // namespace virtsev::vmm
