// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/guest/board.hpp"

#include <algorithm>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

std::vector<BusRange> of_bus(const std::vector<MemoryMap::Range>& windows) {
  std::vector<BusRange> ranges;
  for (const MemoryMap::Range& window : windows) {
    ranges.push_back({window.start.value(), window.size});
  }
  return ranges;
}

template <typename Kind>
std::pair<std::string, std::uint8_t> place_of(const OnPci<Kind>& options) {
  return {options.id, options.address.port};
}
template <typename Options>
std::pair<std::string, std::uint8_t> place_of(const Options& /*options*/) {
  return {};
}

/// Its id, and the root port that it is behind.
std::pair<std::string, std::uint8_t> place_of_any(const DeviceOptions& device) {
  return std::visit([](const auto& options) { return place_of(options); }, device);
}

bool is_root_port(const DeviceOptions& device) {
  return std::holds_alternative<OnPci<spec::RootPort>>(device);
}

}  // namespace

bool needs_device_thread(const std::vector<DeviceOptions>& devices) {
  return std::any_of(devices.begin(), devices.end(), [](const DeviceOptions& device) {
    return std::visit([](const auto& options) { return is_on_pci(options); }, device);
  });
}

Board::Board(const Wiring& wiring, const std::vector<DeviceOptions>& devices)
    : buses_(of_bus(wiring.windows)),
      interrupts_(wiring.interrupts, layout::kIoApicPins),
      pci_(buses_),
      wiring_(wiring),
      ejected_(wiring.loop, [this] { take_out_ejected(); }),
      slots_([this] { ejected_.signal(); }) {
  panel_.power_off = wiring.power_off;
  panel_.reset = wiring.reset;
  panel_.panicked = wiring.panicked;
  // Root ports first: they go last, after what is in their slots.
  for (const bool ports : {true, false}) {
    for (const DeviceOptions& device : devices) {
      if (is_root_port(device) == ports) {
        add(device);
      }
    }
  }
}

Board::~Board() {
  while (!devices_.empty()) {
    devices_.pop_back();
  }
}

void Board::add(const DeviceOptions& device) {
  auto [id, port] = place_of_any(device);
  devices_.push_back(
      {std::move(id), port,
       make_device(device,
                   Surroundings{buses_, interrupts_, wiring_.loop, panel_, wiring_.memory, pci_.bus(),
                                wiring_.doorbells, wiring_.device_loop, wiring_.device_sandbox, &slots_})});
}

DeviceFigures Board::figures() const {
  DeviceFigures figures;
  for (const Placed& placed : devices_) {
    placed.device->add_figures(figures);
  }
  return figures;
}

bool Board::set_link(const std::string& id, bool up) {
  return std::any_of(devices_.begin(), devices_.end(),
                     [&](const Placed& placed) { return placed.device->set_link(id, up); });
}

void Board::finish() {
  for (const Placed& placed : devices_) {
    placed.device->finish();
  }
}

void Board::attach(const DeviceOptions& device) {
  const auto [id, port] = place_of_any(device);
  if (port == 0 || is_root_port(device)) {
    throw Error(ErrorCode::kInvalidArgument, text("a device comes to a running guest behind a root port"));
  }
  for (const Placed& placed : devices_) {
    if (placed.id == id) {
      throw Error(ErrorCode::kOperationInvalid, text("the guest has a device '{}' already", id));
    }
  }
  (void)slots_.at(port);
  add(device);
}

void Board::detach(const std::string& id) {
  const auto found =
      std::find_if(devices_.begin(), devices_.end(), [&id](const Placed& placed) { return placed.id == id; });
  if (found == devices_.end() || found->port == 0) {
    throw Error(ErrorCode::kInvalidArgument, text("the guest has no device '{}' behind a root port", id));
  }
  if (slots_.at(found->port).port().press_button() == PciRootPort::Pressed::kNotInUse) {
    take_out(found);
  }
}

std::vector<std::string> Board::plugged() const {
  std::vector<std::string> ids;
  for (const Placed& placed : devices_) {
    if (placed.port != 0) {
      ids.push_back(placed.id);
    }
  }
  return ids;
}

void Board::take_out_ejected() {
  const auto is_ejected = [this](const Placed& placed) {
    return placed.port != 0 && slots_.at(placed.port).port().is_ejected();
  };
  for (auto found = std::find_if(devices_.begin(), devices_.end(), is_ejected); found != devices_.end();
       found = std::find_if(devices_.begin(), devices_.end(), is_ejected)) {
    take_out(found);
  }
}

void Board::take_out(std::vector<Placed>::iterator which) {
  const std::string id = which->id;
  devices_.erase(which);
  if (removed_) {
    removed_(id);
  }
}

}  // namespace virtsev::vmm
