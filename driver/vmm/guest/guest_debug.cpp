// SPDX-License-Identifier: LGPL-2.1-or-later
// One guest: what a debugger reads and writes.
#include "driver/vmm/guest/guest.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

MemoryAccess Guest::memory_access() {
  return MemoryAccess({machine_->memory(), launch_->commands(), report_.protection,
                       platform_ ? 1ULL << platform_->c_bit_position() : 0});
}

Bytes Guest::read_memory(const control::ReadMemory& what) {
  if (what.length > control::kMaxMemoryRead) {
    throw Error(ErrorCode::kInvalidArgument, text("at most {} bytes of memory can be read at once, not {}",
                                                  control::kMaxMemoryRead, what.length));
  }
  const MemoryAccess access = memory_access();
  Bytes bytes(what.length);
  if (what.kind == control::AddressKind::kPhysical) {
    access.read_physical(GuestAddress(what.address), bytes);
  } else {
    access.require_readable_registers();
    const KvmVcpu& translating = machine_->vcpu(what.vcpu);
    machine_->while_still([&] { access.read_virtual(translating.state(), what.address, bytes); });
  }
  return bytes;
}

void Guest::write_memory(const control::WriteMemory& what) {
  const MemoryAccess access = memory_access();
  if (what.kind == control::AddressKind::kPhysical) {
    access.require_debuggable();
    machine_->while_still([&] { access.write_physical(GuestAddress(what.address), what.bytes); });
  } else {
    access.require_readable_registers();
    const KvmVcpu& translating = machine_->vcpu(what.vcpu);
    machine_->while_still([&] { access.write_virtual(translating.state(), what.address, what.bytes); });
  }
}

control::VcpuRegisters Guest::read_registers(std::uint32_t id) {
  memory_access().require_readable_registers();
  KvmVcpu& read = machine_->vcpu(id);
  control::VcpuRegisters registers;
  machine_->while_still([&] { registers = read.debug_registers(); });
  return registers;
}

void Guest::write_registers(const control::WriteRegisters& what) {
  memory_access().require_readable_registers();
  KvmVcpu& written = machine_->vcpu(what.vcpu);
  machine_->while_still([&] { written.set_debug_registers(what.registers); });
}

control::MemoryRanges Guest::list_memory() {
  memory_access().require_debuggable();
  control::MemoryRanges list;
  for (const GuestMemory::Range& range : machine_->memory().private_memory().ranges()) {
    list.ranges.push_back({range.start.value(), range.size});
  }
  return list;
}

}  // namespace virtsev::vmm
