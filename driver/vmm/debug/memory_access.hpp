// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest's memory for whoever debugs it, where its policy lets the host read and write it.
#pragma once

#include <cstdint>
#include <vector>

#include "driver/vmm/launch/launch.hpp"
#include "driver/vmm/memory/machine_memory.hpp"
#include "sevcore/launch/protection.hpp"
#include "sevcore/launch/vcpu_state.hpp"

namespace virtsev::vmm {

/// Private memory is what the firmware decrypts (DBG_DECRYPT) and encrypts (DBG_ENCRYPT), on hardware and in
/// simulation alike. A page that the guest shares (C-bit clear) is plain in memory and would be decrypted to
/// nonsense: a physical address does not say which it is, a page table does.
///
/// All calls throw Error(kOperationDenied) where policy bit NODBG is set, before anything else is looked at;
/// Error(kInvalidArgument) for what is not in the guest's memory, before the first byte is read or written;
/// and what Launch::read_memory() and Launch::write_memory() throw.
class MemoryAccess {
 public:
  struct Subject {
    const MachineMemory& memory;
    Launch* launch = nullptr;  ///< Null: a guest without SEV, whose memory is plain
    sevcore::Protection protection;
    std::uint64_t c_bit = 0;  ///< As a mask; 0 without SEV
  };
  /// What `subject` refers to outlives this.
  explicit MemoryAccess(const Subject& subject) : subject_(subject) {}

  /// The policy's reason against all of it.
  void require_debuggable() const;
  /// The reason against registers, and what needs them: also Error(kOperationUnsupported) for SEV-ES, whose
  /// registers nobody outside of the guest can read: Linux has no command that decrypts a VMSA.
  void require_readable_registers() const;

  /// Fills `to`; an empty one asks only whether there is memory at `from`.
  void read_physical(GuestAddress from, MutableBytes to) const;
  /// No vCPU runs meanwhile, here and in write_virtual().
  void write_physical(GuestAddress to, ByteView from) const;
  /// The same through the page tables of a vCPU in this state; throws what require_readable_registers() does.
  /// A page that the guest may not write itself is written all the same: so are breakpoints set.
  void read_virtual(const sevcore::VcpuState& vcpu, std::uint64_t from, MutableBytes to) const;
  void write_virtual(const sevcore::VcpuState& vcpu, std::uint64_t to, ByteView from) const;

 private:
  /// Memory that is next to each other, and of one kind.
  struct Piece {
    GuestAddress address;
    std::uint64_t size = 0;
    const GuestMemory* plain = nullptr;  ///< Where it is; null: behind the firmware
  };
  using Pieces = std::vector<Piece>;

  [[nodiscard]] Pieces physical(GuestAddress address, std::uint64_t size) const;
  [[nodiscard]] Pieces translate(const sevcore::VcpuState& vcpu, std::uint64_t linear,
                                 std::uint64_t size) const;
  [[nodiscard]] Piece piece(GuestAddress address, std::uint64_t size, bool is_private) const;
  [[nodiscard]] bool has_memory(GuestAddress address, std::uint64_t size) const;
  void read(const Pieces& pieces, MutableBytes to) const;
  void write(const Pieces& pieces, ByteView from) const;

  Subject subject_;
};

}  // namespace virtsev::vmm
