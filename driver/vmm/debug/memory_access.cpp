// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/debug/memory_access.hpp"

#include <algorithm>

#include "driver/vmm/debug/page_walk.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

using sevcore::PolicyBit;

[[noreturn]] void throw_no_memory(GuestAddress address, std::uint64_t size) {
  throw Error(
      ErrorCode::kInvalidArgument,
      text("the guest has no memory at {:#x} ({} bytes); only what lies within its RAM can be read or "
           "written",
           address.value(), size));
}

Error walk_failure(WalkError error, std::uint64_t linear) {
  switch (error) {
    case WalkError::kUnknownMode:
      return {ErrorCode::kOperationUnsupported,
              text("the vCPU is in a 32-bit mode with paging, whose page tables virtsev does not read; use "
                   "physical addresses (VIR_MEMORY_PHYSICAL)")};
    case WalkError::kNotCanonical:
      return {ErrorCode::kInvalidArgument,
              text("{:#x} is not a virtual address in the mode that the vCPU is in", linear)};
    case WalkError::kNotMapped:
      return {ErrorCode::kInvalidArgument,
              text("nothing is mapped at virtual address {:#x} by what runs on the vCPU now", linear)};
    case WalkError::kTableOutsideMemory:
      break;
  }
  return {ErrorCode::kInvalidArgument,
          text("the guest's page tables for virtual address {:#x} point to where it has no memory", linear)};
}

}  // namespace

void MemoryAccess::require_debuggable() const {
  const std::optional<sevcore::Policy> policy = sevcore::policy_of(subject_.protection);
  if (policy && policy->has(PolicyBit::kNoDebug)) {
    throw Error(ErrorCode::kOperationDenied,
                text("the guest's policy {:#x} forbids debugging (NODBG, bit 0, is set): its memory and "
                     "registers can be neither read nor written. Only a guest that is launched with bit 0 "
                     "clear can be debugged",
                     policy->value()));
  }
}

void MemoryAccess::require_readable_registers() const {
  require_debuggable();
  if (sevcore::encrypts_state(subject_.protection)) {
    throw Error(ErrorCode::kOperationUnsupported,
                text("the guest's registers are encrypted (SEV-ES), and Linux offers no way to decrypt them: "
                     "they can be neither read nor written, and its page tables can't be found. Use physical "
                     "addresses (VIR_MEMORY_PHYSICAL)"));
  }
}

bool MemoryAccess::has_memory(GuestAddress address, std::uint64_t size) const {
  // No range of RAM ends with a byte that an empty one could begin behind.
  return subject_.memory.private_memory().contains(address, size);
}

MemoryAccess::Piece MemoryAccess::piece(GuestAddress address, std::uint64_t size, bool is_private) const {
  if (!has_memory(address, size)) {
    throw_no_memory(address, size);
  }
  if (subject_.launch == nullptr) {
    return {address, size, &subject_.memory.private_memory()};
  }
  return {address, size, is_private ? nullptr : &subject_.memory.shared_memory()};
}

MemoryAccess::Pieces MemoryAccess::physical(GuestAddress address, std::uint64_t size) const {
  require_debuggable();
  return {piece(address, size, true)};
}

MemoryAccess::Pieces MemoryAccess::translate(const sevcore::VcpuState& vcpu, std::uint64_t linear,
                                             std::uint64_t size) const {
  require_readable_registers();
  const ReadTable read_table = [this](GuestAddress table, MutableBytes entry) {
    if (!has_memory(table, entry.size())) {
      return false;
    }
    read({piece(table, entry.size(), true)}, entry);
    return true;
  };
  Pieces pieces;
  do {
    const auto found = walk_page_tables(vcpu, linear, subject_.c_bit, read_table);
    if (!found) {
      throw walk_failure(found.error(), linear);
    }
    const std::uint64_t now = std::min(size, found->contiguous);
    pieces.push_back(piece(found->address, now, found->encrypted));
    linear += now;
    size -= now;
  } while (size > 0);
  return pieces;
}

void MemoryAccess::read(const Pieces& pieces, MutableBytes to) const {
  for (const Piece& piece : pieces) {
    const MutableBytes part = to.first(piece.size);
    if (piece.plain == nullptr) {
      subject_.launch->read_memory(piece.address, part);
    } else if (!piece.plain->read(piece.address, part)) {
      throw_no_memory(piece.address, piece.size);
    }
    to = to.subspan(piece.size);
  }
}

void MemoryAccess::write(const Pieces& pieces, ByteView from) const {
  for (const Piece& piece : pieces) {
    const ByteView part = from.first(piece.size);
    if (piece.plain == nullptr) {
      subject_.launch->write_memory(piece.address, part);
    } else if (!piece.plain->write(piece.address, part)) {
      throw_no_memory(piece.address, piece.size);
    }
    from = from.subspan(piece.size);
  }
}

void MemoryAccess::read_physical(GuestAddress from, MutableBytes to) const {
  read(physical(from, to.size()), to);
}

void MemoryAccess::write_physical(GuestAddress to, ByteView from) const {
  write(physical(to, from.size()), from);
}

void MemoryAccess::read_virtual(const sevcore::VcpuState& vcpu, std::uint64_t from, MutableBytes to) const {
  read(translate(vcpu, from, to.size()), to);
}

void MemoryAccess::write_virtual(const sevcore::VcpuState& vcpu, std::uint64_t to, ByteView from) const {
  write(translate(vcpu, to, from.size()), from);
}

}  // namespace virtsev::vmm
