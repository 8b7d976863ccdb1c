// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest that writes anything anywhere in PCI's configuration space, and into what the functions there have
// in memory. Two functions with BARs and messages stay within their windows, and never answer at one place.
// Input: records of a kind, an address and a value.
#include <map>
#include <set>

#include "driver/vmm/memory/machine_memory.hpp"
#include "driver/vmm/pci/msix.hpp"
#include "driver/vmm/pci/pci_host.hpp"
#include "sevcore/machine/firmware_layout.hpp"
#include "tests/fuzz/input.hpp"

using namespace virtsev;
using fuzz::require;

namespace {

/// Takes what KVM would take of a message.
class Controller final : public vmm::InterruptController {
 public:
  void set_line(std::uint32_t, bool) override { require(false); }
  bool set_routes(std::span<const Route> routes) override {
    for (const Route& route : routes) {
      require(route.gsi >= layout::kIoApicPins && route.message.address >> 20 == 0xfee);
    }
    return true;
  }
  void connect(std::uint32_t, int) override {}
  void disconnect(std::uint32_t, int) override {}
};

class Registers final : public vmm::BusDevice {
 public:
  void read(std::uint64_t offset, MutableBytes data) override { require(offset + data.size() <= kSize); }
  void write(std::uint64_t offset, ByteView data) override { require(offset + data.size() <= kSize); }
  static constexpr std::uint32_t kSize = 0x4000;
};

struct Function {
  Function(vmm::Buses& buses, vmm::Interrupts& interrupts, std::uint8_t number, vmm::PciBus& bus)
      : messages(interrupts, 4),
        function(std::to_string(number), {1, 2, 3, 4, 5, 6}, buses.memory, vmm::bars_of_device(number)) {
    function.add_bar(
        {0, Registers::kSize, &registers, [this](std::optional<GuestAddress> at) { place = at; }});
    messages.add_to(function, 1);
    attachment = vmm::attach_or_throw(bus, "test", number, function);
  }
  Registers registers;
  vmm::Msix messages;
  vmm::PciFunction function;
  std::optional<GuestAddress> place;
  vmm::PciBus::Attachment attachment;
};

struct Machine {
  static std::vector<vmm::BusRange> windows() {
    std::vector<vmm::BusRange> ranges;
    for (const vmm::MemoryMap::Range& window : vmm::device_windows(512 * layout::kMiB)) {
      ranges.push_back({window.start.value(), window.size});
    }
    return ranges;
  }
  Controller controller;
  vmm::Interrupts interrupts{controller, layout::kIoApicPins};
  vmm::Buses buses{windows()};
  vmm::PciHost host{buses};
  Function one{buses, interrupts, 1, host.bus()};
  Function other{buses, interrupts, 2, host.bus()};
};

void check_place(const Function& function) {
  require(!function.place ||
          (function.place->value() >= layout::firmware_window(512 * layout::kMiB).start.value() &&
           function.place->value() + Registers::kSize <= layout::kKvmIdentityMap.start.value() &&
           function.place->value() % Registers::kSize == 0));
}

void access(vmm::Bus& bus, std::uint64_t address, std::uint8_t kind, std::uint64_t value) {
  ByteArray<8> data{};
  put_le<std::uint64_t>(data, 0, value);
  const std::size_t size = std::size_t{1} << (kind >> 1) % 4;
  if ((kind & 1) != 0) {
    bus.write(address, ByteView(data).first(size));
  } else {
    bus.read(address, MutableBytes(data).first(size));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Machine machine;
  fuzz::Input input(ByteView(data, size));
  while (!input.empty()) {
    const auto kind = input.number<std::uint8_t>();
    const auto at = input.number<std::uint16_t>();
    const auto value = input.number<std::uint32_t>();
    switch (kind >> 4) {
      case 0:
        access(machine.buses.ports, layout::kPciConfigurationPort + at % 8, kind & 5, value);
        break;
      case 1:
      case 2:
      case 3:  // One of the functions, or none
        access(machine.buses.memory, layout::kPciEcam.start.value() + (at >> 8 & 3) * 0x8000 + (at & 0xff),
               kind, value);
        break;
      case 4:
      case 5:
        access(machine.buses.memory, vmm::bars_of_device(1 + (at >> 15)).value() + (at & 0x7fff), kind,
               value);
        break;
      case 6:
        machine.one.messages.send(at % 5);
        machine.other.messages.send(at % 5);
        break;
      default:
        access(machine.buses.memory, value, kind, at);
        break;
    }
    check_place(machine.one);
    check_place(machine.other);
    require(!machine.one.place || machine.one.place != machine.other.place);
  }
  return 0;
}
