// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest that asks the firmware configuration device for anything, by ports and by DMA, with requests of its
// own in shared memory. No item changes, and a read ends with zeros. Input: records of a kind, a place and a
// value.
#include "driver/vmm/devices/fw_cfg.hpp"

#include <algorithm>

#include "tests/fuzz/input.hpp"

using namespace virtsev;
using fuzz::require;

namespace {

constexpr std::size_t kMemory = 1 << 16;
const Bytes kContent = {'c', 'o', 'n', 't', 'e', 'n', 't'};

struct Machine {
  static vmm::FwCfgOptions options() {
    vmm::FwCfgOptions options;
    options.files.emplace_back("file", kContent);
    options.files.emplace_back("made", vmm::FwCfgMade{4, [](GuestAddress) { return Bytes(4, 1); }});
    return options;
  }
  Bytes host = Bytes(kMemory);
  vmm::SharedMemory memory{{{GuestAddress(0), kMemory, host.data()}}};
  vmm::FwCfg device{options(), memory, [] { return GuestAddress(0xe0000000); }};
};

void write(vmm::FwCfg& device, std::uint64_t offset, std::uint64_t value, std::size_t size) {
  ByteArray<8> data{};
  put_le<std::uint64_t>(data, 0, value);
  device.write(offset, ByteView(data).first(size));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Machine machine;
  fuzz::Input input(ByteView(data, size));
  while (!input.empty()) {
    const auto kind = input.number<std::uint8_t>();
    const auto at = input.number<std::uint16_t>();
    const auto value = input.number<std::uint32_t>();
    ByteArray<8> read{};
    switch (kind % 4) {
      case 0:
        machine.device.read(at % 12, MutableBytes(read).first(1 + kind / 4 % 8));
        break;
      case 1:
        write(machine.device, at % 12, value, 1 + kind / 4 % 8);
        break;
      case 2: {  // A word of a request
        ByteArray<4> word{};
        put_le<std::uint32_t>(word, 0, value);
        (void)machine.memory.write(GuestAddress(at), word);
        break;
      }
      default:  // A request at a place in memory, or near its end
        write(machine.device, 4, 0, 4);
        write(machine.device, 8, static_cast<std::uint64_t>(at & 0xff) << 24 | (at & 0xff00) << 8, 4);
        break;
    }
  }
  write(machine.device, 0, vmm::FwCfg::kFirstFile, 2);
  for (std::size_t i = 0; i < kContent.size() + 2; ++i) {
    std::uint8_t byte = 0xff;
    machine.device.read(1, MutableBytes(&byte, 1));
    require(byte == (i < kContent.size() ? kContent[i] : 0));
  }
  return 0;
}
