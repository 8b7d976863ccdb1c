// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/ports_on_pci.hpp"

#include <set>
#include <utility>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/device_limits.hpp"

namespace virtsev::vmm {
namespace {

std::vector<PortsDevice::PortOptions> options_of(const spec::Ports& ports) {
  std::vector<PortsDevice::PortOptions> all;
  std::set<std::uint32_t> numbers;
  for (const spec::Ports::Port& port : ports.ports) {
    if (port.number >= machine::kMaxPorts || !numbers.insert(port.number).second) {
      throw Error(ErrorCode::kInvalidArgument,
                  text("the port {} has the number {}; each has one of its own, from 0 to {}", port.id,
                       port.number, machine::kMaxPorts - 1));
    }
    all.push_back({port.id, port.number, port.console, port.name, {port.terminal_master, port.listener}});
  }
  return all;
}

}  // namespace

PortsOnPci::PortsOnPci(const OnPci<spec::Ports>& options, const Surroundings& surroundings) {
  auto ports = std::make_unique<PortsDevice>(options_of(options.kind), surroundings.device_loop);
  ports_ = ports.get();
  function_ = make_virtio_pci_device(options.id, options.address, std::move(ports), surroundings);
}

void PortsOnPci::add_figures(DeviceFigures& figures) const {
  for (auto& port : ports_->open_ports()) {
    figures.ports.push_back(std::move(port));
  }
}

std::unique_ptr<Device> make_device(const OnPci<spec::Ports>& options, const Surroundings& surroundings) {
  return std::make_unique<PortsOnPci>(options, surroundings);
}

}  // namespace virtsev::vmm
