// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory of a simulated SEV guest: private and shared memory are two memories, so that a guest, a loader or a
// device that mixes them up fails as it would on hardware. Where each was tried: KVM with Debian's guest
// kernels 6.1 and 6.12.
#pragma once

#include <cstdint>
#include <mutex>

#include "driver/vmm/memory/machine_memory.hpp"

namespace virtsev::vmm {

/// Addresses with the C-bit reach private memory. Addresses without it reach shared memory from 1 MiB on, and
/// private memory below: the real-mode trampoline, which a vCPU runs with paging off, lies there.
///
/// A guest that is entered with paging off runs from private memory without a C-bit, as on hardware. KVM
/// can't tell that from a shared access, so all memory is private until separate(), which is due when the
/// guest has turned to page tables of its own.
class StrictMemory final : public MachineMemory {
 public:
  StrictMemory(std::uint64_t size, std::uint32_t c_bit_position);

  [[nodiscard]] const PrivateMemory& private_memory() const override { return private_view_; }
  [[nodiscard]] const SharedMemory& shared_memory() const override { return shared_view_; }
  void plug_into(MemoryMap& map) override;

  /// Puts shared memory behind the addresses without C-bit. Any vCPU's thread, while it stands in an exit; a
  /// second call does nothing.
  void separate();
  [[nodiscard]] bool is_separate() const;

  /// What stands behind the addresses without C-bit now: where a GHCB page is.
  [[nodiscard]] const GuestMemory& unencrypted_view() const;
  /// Reads what the guest sees at an address with or without C-bit.
  [[nodiscard]] bool read_as_guest(GuestAddress from, MutableBytes to) const;

  [[nodiscard]] std::uint64_t c_bit() const { return c_bit_; }

 private:
  std::uint64_t c_bit_;
  HostMemory private_;
  HostMemory shared_;
  PrivateMemory private_view_;
  SharedMemory shared_view_;
  MemoryMap* map_ = nullptr;
  mutable std::mutex mutex_;
  bool separate_ = false;
};

}  // namespace virtsev::vmm
