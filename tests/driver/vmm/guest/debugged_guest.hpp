// SPDX-License-Identifier: LGPL-2.1-or-later
// What the tests with a debugger share.
#pragma once

#include "tests/driver/boot/fakes/machine_edits.hpp"
#include "tests/driver/vmm/guest/tiny_guest_test.hpp"

namespace virtsev::vmm::test {

// Policies.
inline constexpr std::uint32_t kDebuggable = 0;
inline constexpr std::uint32_t kClosed = 1;
inline constexpr std::uint32_t kDebuggableEs = 4;

class DebuggedGuest : public TinyGuestTest {
 protected:
  control::Start with_policy(const TinyGuest& guest, std::uint32_t policy) {
    control::Start start = prepare(guest);
    boot::test::set_policy(start.machine, policy);
    return start;
  }
  std::string read(std::uint64_t address, std::uint32_t length,
                   control::AddressKind kind = control::AddressKind::kPhysical) {
    const auto memory = call<control::MemoryContent>(control::ReadMemory{address, length, kind});
    return {memory.bytes.begin(), memory.bytes.end()};
  }
  static control::WriteMemory writing(std::uint64_t address, const std::string& bytes,
                                      control::AddressKind kind = control::AddressKind::kPhysical) {
    return {address, kind, 0, Bytes(bytes.begin(), bytes.end())};
  }
  void write(const control::WriteMemory& what) { call<control::Done>(what); }
  control::VcpuRegisters registers(std::uint32_t vcpu = 0) {
    return call<control::RegisterContent>(control::ReadRegisters{vcpu}).registers;
  }
  void pause() { call<control::Done>(control::Pause{}); }
  control::RunState state() { return call<control::Status>(control::Query{}).state; }
};

}  // namespace virtsev::vmm::test
