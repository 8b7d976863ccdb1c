// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory of a simulated SEV guest: private and shared memory are two memories, so that a guest, a loader or a
// device that mixes them up fails as it would on hardware.
#pragma once

#include <cstdint>
#include <vector>

#include "driver/vmm/memory/machine_memory.hpp"
#include "driver/vmm/simulated/memory_view.hpp"

namespace virtsev::vmm {

/// Addresses with the C-bit reach private memory. Addresses without it reach, from 1 MiB on, what the view
/// has there, which follows the guest's page tables (view_keeper.hpp); below, private memory: the real-mode
/// trampoline, which a vCPU runs with paging off, lies there.
class StrictMemory final : public MachineMemory {
 public:
  /// `firmware`: as PlainMemory's. The image is there with the C-bit and without.
  StrictMemory(std::uint64_t size, std::uint32_t c_bit_position, std::uint64_t firmware = 0);

  [[nodiscard]] const PrivateMemory& private_memory() const override { return private_memory_; }
  [[nodiscard]] const SharedMemory& shared_memory() const override { return shared_memory_; }
  void plug_into(MemoryMap& map) override;
  /// Pages that are in it only in part, too.
  void share(GuestAddress start, std::uint64_t size) const override;

  [[nodiscard]] MemoryView& view() const { return view_; }
  /// The memory that the guest sees at an address with or without C-bit; null where it sees none now. Any
  /// thread.
  [[nodiscard]] const GuestMemory* seen_at(GuestAddress address) const;
  [[nodiscard]] GuestAddress without_c_bit(GuestAddress address) const {
    return GuestAddress(address.value() & ~c_bit_);
  }
  [[nodiscard]] std::uint64_t c_bit() const { return c_bit_; }
  /// Whether this address, without C-bit, is the firmware image's.
  [[nodiscard]] bool is_firmware_at(GuestAddress address) const;

  /// Where nothing is loaded, private memory holds zeros, but for this much from the kernel's address on,
  /// which holds kTrap: a kernel that was loaded, or copied, into shared memory by mistake is found out by
  /// its first instruction, and does not run on over zeros for ever. All of memory would take seconds.
  static constexpr std::uint64_t kTrapBytes = 64 * 1024;
  static constexpr std::uint8_t kTrap = 0xcc;  ///< INT3

 private:
  std::uint64_t c_bit_;
  HostMemory private_;
  HostMemory shared_;
  HostMemory place_;
  HostMemory rom_;
  PrivateMemory private_memory_;
  SharedMemory shared_memory_;
  mutable MemoryView view_;  // What is written through a constant memory changes, too
};

}  // namespace virtsev::vmm
