// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/interface_device.hpp"

#include <utility>
#include <vector>

#include "driver/vmm/network/stream_port.hpp"
#include "driver/vmm/network/tap_port.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

std::vector<std::unique_ptr<NetworkPort>> ports_of(const OnPci<spec::Interface>& options) {
  const spec::Interface& interface = options.kind;
  std::vector<std::unique_ptr<NetworkPort>> ports;
  if (interface.stream >= 0) {
    ports.push_back(std::make_unique<StreamPort>(interface.stream));
  } else {
    for (const int tap : interface.taps) {
      ports.push_back(std::make_unique<TapPort>(tap));
    }
  }
  if (ports.empty() || ports.size() > NetworkDevice::kMostPairs) {
    throw Error(ErrorCode::kInvalidArgument,
                text("the interface {} has {} connections to the host; it needs 1 to {}", options.id,
                     ports.size(), NetworkDevice::kMostPairs));
  }
  return ports;
}

}  // namespace

InterfaceDevice::InterfaceDevice(const OnPci<spec::Interface>& options, const Surroundings& surroundings)
    : id_(options.id), log_(options.id) {
  const spec::Interface& interface = options.kind;
  auto network =
      std::make_unique<NetworkDevice>(NetworkDevice::Options{interface.mac, interface.mtu, interface.link_up},
                                      ports_of(options), surroundings.device_loop, log_);
  network_ = network.get();
  function_ = make_virtio_pci_device(options.id, options.address, std::move(network), surroundings);
}

bool InterfaceDevice::set_link(const std::string& id, bool up) {
  if (id != id_) {
    return false;
  }
  network_->set_link(up);
  return true;
}

std::unique_ptr<Device> make_device(const OnPci<spec::Interface>& options, const Surroundings& surroundings) {
  return std::make_unique<InterfaceDevice>(options, surroundings);
}

}  // namespace virtsev::vmm
