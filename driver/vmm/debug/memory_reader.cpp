// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/debug/memory_reader.hpp"

#include <algorithm>

#include "driver/vmm/debug/page_walk.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

using sevcore::PolicyBit;

[[noreturn]] void throw_no_memory(GuestAddress from, std::uint64_t size) {
  throw Error(ErrorCode::kInvalidArgument,
              text("The guest has no memory at {:#x} ({} bytes); read only what lies within its RAM",
                   from.value(), size));
}

Error walk_failure(WalkError error, std::uint64_t linear) {
  switch (error) {
    case WalkError::kUnknownMode:
      return {
          ErrorCode::kOperationUnsupported,
          text("The guest's first vCPU is in a 32-bit mode with paging, whose page tables virtsev does not "
               "read; read physical addresses (VIR_MEMORY_PHYSICAL)")};
    case WalkError::kNotCanonical:
      return {ErrorCode::kInvalidArgument,
              text("{:#x} is no virtual address in the mode that the guest's first vCPU is in", linear)};
    case WalkError::kNotMapped:
      return {ErrorCode::kInvalidArgument,
              text("Nothing is mapped at virtual address {:#x} by what runs on the guest's first vCPU now",
                   linear)};
    case WalkError::kTableOutsideMemory:
      break;
  }
  return {ErrorCode::kInvalidArgument,
          text("The guest's page tables for virtual address {:#x} point to where it has no memory", linear)};
}

}  // namespace

void MemoryReader::check_policy() const {
  if (subject_.launch != nullptr && subject_.policy.has(PolicyBit::kNoDebug)) {
    throw Error(ErrorCode::kOperationDenied,
                text("The guest's policy {:#x} forbids debugging (NODBG, bit 0, is set): its memory can't be "
                     "read. Only a guest that is launched with bit 0 clear can be debugged",
                     subject_.policy.value()));
  }
}

bool MemoryReader::has_memory(GuestAddress from, std::uint64_t size) const {
  return subject_.memory.private_memory().host_address(from, size) != nullptr;
}

void MemoryReader::read_private(GuestAddress from, MutableBytes to) const {
  if (subject_.launch != nullptr) {
    subject_.launch->read_memory(from, to);
  } else if (!subject_.memory.private_memory().read(from, to)) {
    throw_no_memory(from, to.size());
  }
}

void MemoryReader::read_shared(GuestAddress from, MutableBytes to) const {
  if (!subject_.memory.shared_memory().read(from, to)) {
    throw_no_memory(from, to.size());
  }
}

void MemoryReader::read_physical(GuestAddress from, MutableBytes to) const {
  check_policy();
  // No range of RAM ends with a byte that an empty one could begin behind.
  if (!has_memory(from, std::max<std::uint64_t>(to.size(), 1))) {
    throw_no_memory(from, to.size());
  }
  read_private(from, to);
}

void MemoryReader::require_readable_registers() const {
  check_policy();
  if (subject_.launch != nullptr && subject_.policy.has(PolicyBit::kEs)) {
    throw Error(ErrorCode::kOperationUnsupported,
                text("The guest's registers are encrypted (SEV-ES), and Linux offers no way to decrypt them: "
                     "its page tables can't be found. Read physical addresses (VIR_MEMORY_PHYSICAL)"));
  }
}

void MemoryReader::read_virtual(const sevcore::VcpuState& vcpu, std::uint64_t from, MutableBytes to) const {
  require_readable_registers();
  const ReadTable read_table = [this](GuestAddress table, MutableBytes entry) {
    if (!has_memory(table, entry.size())) {
      return false;
    }
    read_private(table, entry);
    return true;
  };
  do {
    const auto found = walk_page_tables(vcpu, from, subject_.c_bit, read_table);
    if (!found) {
      throw walk_failure(found.error(), from);
    }
    const std::uint64_t size = std::min<std::uint64_t>(to.size(), found->contiguous);
    if (!has_memory(found->address, std::max<std::uint64_t>(size, 1))) {
      throw_no_memory(found->address, size);
    }
    const MutableBytes piece = to.first(size);
    if (found->encrypted || subject_.launch == nullptr) {
      read_private(found->address, piece);
    } else {
      read_shared(found->address, piece);
    }
    from += size;
    to = to.subspan(size);
  } while (!to.empty());
}

}  // namespace virtsev::vmm
