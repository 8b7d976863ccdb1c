// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest's memory for whoever debugs it, where its policy lets the host read it.
#pragma once

#include <cstdint>

#include "driver/vmm/launch/launch.hpp"
#include "driver/vmm/memory/machine_memory.hpp"
#include "sevcore/policy.hpp"
#include "sevcore/vcpu_state.hpp"

namespace virtsev::vmm {

/// Private memory is what the firmware decrypts (DBG_DECRYPT), on hardware and in simulation alike. A page
/// that the guest shares (C-bit clear) is plain in memory and would be decrypted to nonsense: a physical
/// address does not say which it is, a page table does.
///
/// All calls throw Error(kOperationDenied) where policy bit NODBG is set, before anything is read;
/// Error(kInvalidArgument) for what is not in the guest's memory; and what Launch::read_memory() throws.
class MemoryReader {
 public:
  struct Subject {
    const MachineMemory& memory;
    Launch* launch = nullptr;  ///< Null: a guest without SEV, whose memory is plain
    sevcore::Policy policy;
    std::uint64_t c_bit = 0;  ///< As a mask; 0 without SEV
  };
  /// What `subject` refers to outlives this.
  explicit MemoryReader(const Subject& subject) : subject_(subject) {}

  /// Fills `to`; an empty one asks only whether there is memory at `from`.
  void read_physical(GuestAddress from, MutableBytes to) const;
  /// The same through the page tables of a vCPU in this state. Throws Error(kOperationUnsupported) for
  /// SEV-ES, whose registers nobody outside of the guest can read: Linux has no command that decrypts a VMSA.
  void read_virtual(const sevcore::VcpuState& vcpu, std::uint64_t from, MutableBytes to) const;
  /// The reason against read_virtual(), before a vCPU's state is asked for.
  void require_readable_registers() const;

 private:
  void check_policy() const;
  [[nodiscard]] bool has_memory(GuestAddress from, std::uint64_t size) const;
  void read_private(GuestAddress from, MutableBytes to) const;
  void read_shared(GuestAddress from, MutableBytes to) const;

  Subject subject_;
};

}  // namespace virtsev::vmm
