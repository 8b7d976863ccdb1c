// SPDX-License-Identifier: LGPL-2.1-or-later
// A driver that writes the registers of a virtio function in any order and width, and its memory meanwhile.
// Whatever it did, its device works again after a reset. Input: records of a kind, an offset and a value.
#include "driver/vmm/virtio/pci_transport.hpp"
#include "driver/vmm/virtio/virtio_numbers.hpp"
#include "sevcore/machine/memory_layout.hpp"
#include "tests/fuzz/input.hpp"

using namespace virtsev;
using fuzz::require;

namespace {

class Controller final : public vmm::InterruptController, public vmm::DoorbellController {
 public:
  void set_line(std::uint32_t, bool) override {}
  bool set_routes(std::span<const Route>) override { return true; }
  void connect(std::uint32_t, int) override {}
  void disconnect(std::uint32_t, int) override {}
  bool add(const vmm::DoorbellPlace& place, int) override { return place.address % 8 != 0; }
  void remove(const vmm::DoorbellPlace&, int) override {}
};

/// Gives all buffers back, and checks that it is called as VirtioDevice says.
class Device final : public vmm::VirtioDevice {
 public:
  [[nodiscard]] std::uint16_t type() const override { return 4; }
  [[nodiscard]] std::uint32_t pci_class() const override { return 0x00ff00; }
  [[nodiscard]] std::uint64_t features() const override { return 0x10001; }
  [[nodiscard]] std::vector<std::uint16_t> queue_sizes() const override { return {4, 16, 256}; }
  [[nodiscard]] std::uint32_t configuration_size() const override { return 7; }
  void read_configuration(std::uint32_t offset, MutableBytes data) override {
    require(offset + data.size() <= configuration_size());
  }
  void write_configuration(std::uint32_t offset, ByteView data) override {
    require(offset + data.size() <= configuration_size());
  }
  void start(std::uint64_t features, std::vector<vmm::Queue*> queues, const vmm::SharedMemory&,
             vmm::VirtioTransport& transport) override {
    require(!running_ && queues.size() == 3);
    require((features & vmm::virtio::kRequiredFeatures) == vmm::virtio::kRequiredFeatures);
    require((features & ~(this->features() | vmm::virtio::kTransportFeatures)) == 0);
    running_ = true;
    queues_ = std::move(queues);
    transport_ = &transport;
  }
  void kicked(std::uint16_t number) override {
    require(running_ && queues_[number] != nullptr);
    for (int i = 0; i < 1000; ++i) {
      const auto chain = queues_[number]->take();
      if (!chain) {
        transport_->fail(chain.error().what);
        return;
      }
      if (!*chain) {
        break;
      }
      queues_[number]->give_back((*chain)->head, 0);
    }
    queues_[number]->notify();
    transport_->configuration_changed();
  }
  void stop(std::function<void()> stopped) override {
    require(running_);
    running_ = false;
    stopped();
  }

 private:
  bool running_ = false;
  std::vector<vmm::Queue*> queues_;
  vmm::VirtioTransport* transport_ = nullptr;
};

constexpr std::uint64_t kStart = 0x1000;
constexpr std::size_t kSize = 16 * kPageSize;

struct Machine {
  Machine() { std::fill(std::begin(bytes), std::end(bytes), std::uint8_t{0}); }
  alignas(kPageSize) static inline std::uint8_t bytes[kSize];
  Controller controller;
  vmm::Interrupts interrupts{controller, layout::kIoApicPins};
  vmm::Msix messages{interrupts, 4};
  vmm::SharedMemory memory{{{GuestAddress(kStart), kSize, bytes}}};
  fuzz::PumpedLoop loop;
  Device device;
  std::size_t lines = 0;
  vmm::PciTransport transport{
      {"fuzzed", device, messages, memory, loop.loop(), controller, [this](const std::string&) { ++lines; }}};
};

void put(vmm::BusDevice& registers, std::uint64_t offset, std::uint64_t value, std::size_t size) {
  ByteArray<8> data{};
  put_le<std::uint64_t>(data, 0, value);
  registers.write(offset, ByteView(data).first(size));
}

std::uint8_t status(vmm::BusDevice& registers) {
  ByteArray<1> data{};
  registers.read(20, data);
  return data[0];
}

/// As a driver does it that keeps to the rules, with the first queue at the start of memory.
void set_up(vmm::BusDevice& registers) {
  using namespace vmm::virtio;
  put(registers, 20, kAcknowledge | kDriver, 1);
  put(registers, 8, 1, 4);
  put(registers, 12, kRequiredFeatures >> 32, 4);
  put(registers, 20, kFeaturesOk, 1);
  put(registers, 22, 0, 2);
  put(registers, 32, kStart, 8);
  put(registers, 40, kStart + kPageSize, 8);
  put(registers, 48, kStart + 2 * kPageSize, 8);
  put(registers, 28, 1, 2);
  put(registers, 20, kDriverOk, 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Machine machine;
  vmm::PciTransport& registers = machine.transport;
  fuzz::Input input(ByteView(data, size));
  while (!input.empty()) {
    const auto kind = input.number<std::uint8_t>();
    const auto offset = input.number<std::uint16_t>();
    const auto value = input.number<std::uint64_t>();
    const std::size_t width = std::size_t{1} << (kind >> 4) % 4;
    const std::uint64_t at = (kind & 8) != 0 ? offset % 64 : offset % (vmm::PciTransport::kBarSize - 7);
    switch (kind % 8) {
      case 0: {
        ByteArray<8> read{};
        registers.read(at, MutableBytes(read).first(width));
        break;
      }
      case 1:
        set_up(registers);
        break;
      case 2:
        put_le<std::uint64_t>(machine.bytes, offset % (kSize - 8), value);
        break;
      case 3:
        registers.place((kind & 0x80) != 0 ? std::optional(GuestAddress(value)) : std::nullopt);
        break;
      case 4:
        machine.loop.pump();
        break;
      default:
        put(registers, at, value, width);
        break;
    }
  }
  put(registers, 20, 0, 1);
  machine.loop.pump();
  machine.loop.pump();
  require(status(registers) == 0);
  require(machine.lines <= 17);
  std::fill(std::begin(machine.bytes), std::end(machine.bytes), std::uint8_t{0});
  set_up(registers);
  machine.loop.pump();
  require(status(registers) == (vmm::virtio::kAcknowledge | vmm::virtio::kDriver | vmm::virtio::kFeaturesOk |
                                vmm::virtio::kDriverOk));
  put(registers, 20, 0, 1);
  machine.loop.pump();
  machine.loop.pump();
  require(status(registers) == 0);
  return 0;
}
