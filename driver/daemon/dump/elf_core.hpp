// SPDX-License-Identifier: LGPL-2.1-or-later
// What stands in a core file before the guest's memory: ELF64 for x86-64, little-endian (System V ABI,
// chapters 4 and 5, and its AMD64 supplement), as gdb and crash read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "driver/control/messages.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::daemon {

/// In bytes, with what fills the last page: the memory that follows begins at a page of the file.
std::size_t core_headers_size(std::size_t ranges, std::size_t vcpus);

/// The ELF header; where there are registers a PT_NOTE with an NT_PRSTATUS named "CORE" for each vCPU, whose
/// thread number is the vCPU's and 1; and a PT_LOAD for each range. The ranges follow one upon the other, in
/// this order. p_paddr is the guest physical address, and so is p_vaddr: what the guest's own page tables say
/// is not looked at, and so a debugger finds memory at its physical address. `memory`: at most 64 ranges.
Bytes core_headers(const std::vector<control::MemoryRanges::Range>& memory,
                   const std::vector<control::VcpuRegisters>& vcpus);

}  // namespace virtsev::daemon
