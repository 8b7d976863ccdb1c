// SPDX-License-Identifier: LGPL-2.1-or-later
// A debugger at a guest whose page tables hold anything: reads and writes stay within the guest's memory, and
// change what they were to change or nothing. Input: CR0, CR4, EFER, CR3, address, 2 bytes of length, 1 of
// choices, memory.
#include <algorithm>
#include <cstdlib>
#include <span>

#include "driver/vmm/debug/memory_access.hpp"
#include "sevcore/base/error.hpp"
#include "tests/driver/vmm/launch/fake_sev_vm.hpp"

using namespace virtsev;

namespace {

constexpr std::size_t kPages = 8;
constexpr std::size_t kSize = kPages * kPageSize;
constexpr std::size_t kHeader = 43;
constexpr std::uint64_t kCBit = 1ULL << 47;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

/// Private memory, and shared memory beside it.
class TwoMemories final : public vmm::MachineMemory {
 public:
  TwoMemories(Bytes& inner, Bytes& outer)
      : private_(std::vector<vmm::GuestMemory::Range>{{GuestAddress(0), inner.size(), inner.data()}}),
        shared_(std::vector<vmm::GuestMemory::Range>{{GuestAddress(0), outer.size(), outer.data()}}) {}
  [[nodiscard]] const vmm::PrivateMemory& private_memory() const override { return private_; }
  [[nodiscard]] const vmm::SharedMemory& shared_memory() const override { return shared_; }
  void plug_into(vmm::MemoryMap&) override {}

 private:
  vmm::PrivateMemory private_;
  vmm::SharedMemory shared_;
};

/// The input again and again, page after page.
Bytes fill(ByteView input) {
  Bytes memory(kSize);
  for (std::size_t i = 0; i < memory.size() && !input.empty(); ++i) {
    memory[i] = input[i % input.size()];
  }
  return memory;
}

std::size_t changed_bytes(const Bytes& before, const Bytes& after) {
  std::size_t changed = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    changed += before[i] != after[i] ? 1 : 0;
  }
  return changed;
}

/// False: refused, with a reason.
template <typename Action>
bool may(Action action) {
  try {
    action();
    return true;
  } catch (const Error& error) {
    require(error.code() == ErrorCode::kInvalidArgument || error.code() == ErrorCode::kOperationUnsupported ||
            error.code() == ErrorCode::kOperationDenied);
    require(*error.what() != '\0');
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kHeader) {
    return 0;
  }
  const ByteView input(data, size);
  sevcore::VcpuState state;
  state.cr0 = get_le<std::uint64_t>(input, 0);
  state.cr4 = get_le<std::uint64_t>(input, 8);
  state.efer = get_le<std::uint64_t>(input, 16);
  state.cr3 = get_le<std::uint64_t>(input, 24);
  const auto linear = get_le<std::uint64_t>(input, 32);
  const std::size_t length = get_le<std::uint16_t>(input, 40) % (2 * kPageSize);
  const std::uint8_t choices = input[42];
  Bytes inner = fill(input.subspan(kHeader));
  Bytes outer = inner;
  const Bytes inner_before = inner;
  const Bytes outer_before = outer;
  const TwoMemories memory(inner, outer);
  vmm::test::FakeSevVm firmware;
  vmm::Launch launch(firmware, memory);
  const bool encrypted = (choices & 1) != 0;
  const vmm::MemoryAccess access(
      {memory, encrypted ? &launch : nullptr,
       encrypted ? sevcore::make_protection(sevcore::Policy((choices >> 1) & 7)) : sevcore::Unprotected{},
       encrypted ? kCBit : 0});

  Bytes read(length);
  const bool readable = may([&] { access.read_virtual(state, linear, read); });
  require(inner == inner_before && outer == outer_before);
  const Bytes written(length, static_cast<std::uint8_t>(choices));
  const bool writable = may([&] { access.write_virtual(state, linear, written); });
  require(readable == writable);
  const std::size_t changed = changed_bytes(inner_before, inner) + changed_bytes(outer_before, outer);
  require(changed <= (writable ? length : 0));
  return 0;
}
