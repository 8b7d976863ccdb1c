// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/hot_plug_slot.hpp"

#include "driver/vmm/pci/pci_host.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

HotPlugSlot::HotPlugSlot(const OnPci<spec::RootPort>& options, const Surroundings& surroundings)
    : slots_(*surroundings.slots),
      number_(options.kind.number),
      port_({"PCI root port " + std::to_string(number_), surroundings.pci, surroundings.buses.memory,
             surroundings.interrupts, bars_of_device(options.address.device), number_, slots_.ejected_}),
      engine_(make_spare_engine(surroundings.device_loop, surroundings.device_sandbox)),
      attachment_(attach_or_throw(surroundings.pci, options.id, options.address.device, port_.function())) {
  if (!slots_.slots_.emplace(number_, this).second) {
    throw Error(ErrorCode::kInvalidArgument,
                text("the machine has two root ports of the number {}", unsigned{number_}));
  }
}

HotPlugSlot::~HotPlugSlot() { slots_.slots_.erase(number_); }

std::unique_ptr<Device> make_device(const OnPci<spec::RootPort>& options, const Surroundings& surroundings) {
  return std::make_unique<HotPlugSlot>(options, surroundings);
}

HotPlugSlot& HotPlugSlots::at(std::uint8_t number) {
  const auto found = slots_.find(number);
  if (found == slots_.end()) {
    throw Error(ErrorCode::kInvalidArgument, text("the machine has no root port {}", unsigned{number}));
  }
  return *found->second;
}

}  // namespace virtsev::vmm
