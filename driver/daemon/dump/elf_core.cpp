// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dump/elf_core.hpp"

#include <array>
#include <string_view>

#include <linux/elf.h>
#include <sys/procfs.h>

namespace virtsev::daemon {
namespace {

constexpr std::string_view kNoteName{"CORE\0\0\0\0", 8};  // With its terminator, filled to a multiple of 4
constexpr std::uint32_t kNoteNameBytes = 5;
constexpr std::size_t kStatusBytes = 336;
constexpr std::size_t kNoteBytes = sizeof(Elf64_Nhdr) + kNoteName.size() + kStatusBytes;

// Linux's struct elf_prstatus, on the machine that this is written for as on the one that it is built on.
constexpr std::size_t kPidOffset = 32;
constexpr std::size_t kRegistersOffset = 112;
static_assert(sizeof(elf_prstatus) == kStatusBytes && offsetof(elf_prstatus, pr_pid) == kPidOffset &&
              offsetof(elf_prstatus, pr_reg) == kRegistersOffset);

void append_zeros(Bytes& out, std::size_t count) { out.resize(out.size() + count); }

void append_program_header(Bytes& out, std::uint32_t type, std::uint32_t flags, std::uint64_t offset,
                           std::uint64_t address, std::uint64_t file_bytes, std::uint64_t memory_bytes) {
  append_le(out, type);
  append_le(out, flags);
  append_le(out, offset);
  append_le(out, address);
  append_le(out, address);
  append_le(out, file_bytes);
  append_le(out, memory_bytes);
  append_le(out, std::uint64_t{0});  // No alignment: ranges need not be whole pages
}

// Of struct user_regs_struct, in its order.
std::array<std::uint64_t, 27> user_registers(const control::VcpuRegisters& from) {
  enum { kRax, kRbx, kRcx, kRdx, kRsi, kRdi, kRbp, kRsp, kR8, kR9, kR10, kR11, kR12, kR13, kR14, kR15 };
  enum { kCs, kSs, kDs, kEs, kFs, kGs };
  const auto& general = from.general;
  const auto& selectors = from.selectors;
  constexpr std::uint64_t kNoSystemCall = ~std::uint64_t{0};  // orig_rax
  return {general[kR15],  general[kR14],  general[kR13],  general[kR12], general[kRbp], general[kRbx],
          general[kR11],  general[kR10],  general[kR9],   general[kR8],  general[kRax], general[kRcx],
          general[kRdx],  general[kRsi],  general[kRdi],  kNoSystemCall, from.rip,      selectors[kCs],
          from.rflags,    general[kRsp],  selectors[kSs], from.fs_base,  from.gs_base,  selectors[kDs],
          selectors[kEs], selectors[kFs], selectors[kGs]};
}

void append_status(Bytes& out, std::uint32_t vcpu, const control::VcpuRegisters& registers) {
  append_le(out, kNoteNameBytes);
  append_le(out, static_cast<std::uint32_t>(kStatusBytes));
  append_le(out, static_cast<std::uint32_t>(NT_PRSTATUS));
  const ByteView name = bytes_of(kNoteName);
  out.insert(out.end(), name.begin(), name.end());
  const std::size_t begin = out.size();
  append_zeros(out, kPidOffset);
  append_le(out, vcpu + 1);  // A debugger takes thread 0 for none
  append_zeros(out, begin + kRegistersOffset - out.size());
  for (const std::uint64_t value : user_registers(registers)) {
    append_le(out, value);
  }
  append_zeros(out, begin + kStatusBytes - out.size());  // No floating point registers follow in another note
}

void append_elf_header(Bytes& out, std::size_t program_headers) {
  for (const std::uint8_t byte :
       {ELFMAG0, +ELFMAG1, +ELFMAG2, +ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT, ELFOSABI_NONE}) {
    out.push_back(byte);
  }
  append_zeros(out, EI_NIDENT - out.size());
  append_le(out, std::uint16_t{ET_CORE});
  append_le(out, std::uint16_t{EM_X86_64});
  append_le(out, std::uint32_t{EV_CURRENT});
  append_le(out, std::uint64_t{0});                   // e_entry
  append_le(out, std::uint64_t{sizeof(Elf64_Ehdr)});  // e_phoff
  append_le(out, std::uint64_t{0});                   // e_shoff
  append_le(out, std::uint32_t{0});                   // e_flags
  append_le(out, std::uint16_t{sizeof(Elf64_Ehdr)});
  append_le(out, std::uint16_t{sizeof(Elf64_Phdr)});
  append_le(out, static_cast<std::uint16_t>(program_headers));
  append_zeros(out, 3 * sizeof(std::uint16_t));  // No sections
}

std::size_t unfilled_size(std::size_t ranges, std::size_t vcpus) {
  const std::size_t program_headers = ranges + (vcpus == 0 ? 0 : 1);
  return sizeof(Elf64_Ehdr) + program_headers * sizeof(Elf64_Phdr) + vcpus * kNoteBytes;
}

}  // namespace

std::size_t core_headers_size(std::size_t ranges, std::size_t vcpus) {
  return round_up(unfilled_size(ranges, vcpus), kPageSize);
}

Bytes core_headers(const std::vector<control::MemoryRanges::Range>& memory,
                   const std::vector<control::VcpuRegisters>& vcpus) {
  Bytes out;
  std::uint64_t offset = core_headers_size(memory.size(), vcpus.size());
  out.reserve(offset);
  append_elf_header(out, memory.size() + (vcpus.empty() ? 0 : 1));
  if (!vcpus.empty()) {
    const std::size_t bytes = vcpus.size() * kNoteBytes;
    append_program_header(out, PT_NOTE, 0, unfilled_size(memory.size(), vcpus.size()) - bytes, 0, bytes, 0);
  }
  for (const auto& range : memory) {
    append_program_header(out, PT_LOAD, PF_R | PF_W | PF_X, offset, range.start, range.size, range.size);
    offset += range.size;
  }
  for (std::size_t i = 0; i < vcpus.size(); ++i) {
    append_status(out, static_cast<std::uint32_t>(i), vcpus[i]);
  }
  out.resize(round_up(out.size(), kPageSize));
  return out;
}

}  // namespace virtsev::daemon
