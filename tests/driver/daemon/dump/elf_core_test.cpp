// SPDX-License-Identifier: LGPL-2.1-or-later
// The headers of core files, read back by the C library's structures.
#include "driver/daemon/dump/elf_core.hpp"

#include <gtest/gtest.h>

#include "tests/driver/daemon/dump/core_reader.hpp"

namespace virtsev::daemon {
namespace {

using Ranges = std::vector<control::MemoryRanges::Range>;

const Ranges kRanges{{0, 0x80000}, {0x100000, 0x20100}, {std::uint64_t{4} << 30, std::uint64_t{5} << 30}};

// Each register has a value of its own.
control::VcpuRegisters numbered(std::uint64_t first) {
  control::VcpuRegisters registers;
  for (std::size_t i = 0; i < registers.general.size(); ++i) {
    registers.general[i] = first + i;
  }
  registers.rip = first + 100;
  registers.rflags = first + 101;
  for (std::size_t i = 0; i < registers.selectors.size(); ++i) {
    registers.selectors[i] = static_cast<std::uint32_t>(first + 110 + i);
  }
  registers.fs_base = first + 120;
  registers.gs_base = first + 121;
  return registers;
}

TEST(ElfCore, IsAnElf64CoreForX86) {
  const auto core = read_core(core_headers(kRanges, {}), false);
  ASSERT_TRUE(core);
  const Elf64_Ehdr& header = core->header;
  EXPECT_EQ(0, std::memcmp(header.e_ident, ELFMAG, SELFMAG));
  EXPECT_EQ(ELFCLASS64, header.e_ident[EI_CLASS]);
  EXPECT_EQ(ELFDATA2LSB, header.e_ident[EI_DATA]);
  EXPECT_EQ(EV_CURRENT, header.e_ident[EI_VERSION]);
  EXPECT_EQ(ET_CORE, header.e_type);
  EXPECT_EQ(EM_X86_64, header.e_machine);
  EXPECT_EQ(std::uint32_t{EV_CURRENT}, header.e_version);
  EXPECT_EQ(sizeof(Elf64_Ehdr), header.e_ehsize);
  EXPECT_EQ(sizeof(Elf64_Phdr), header.e_phentsize);
  EXPECT_EQ(0U, header.e_shnum);
}

TEST(ElfCore, ItsMemoryFollowsPieceUponPieceFromAPageOn) {
  for (const std::size_t vcpus : {0U, 1U, 64U}) {
    const Bytes headers = core_headers(kRanges, std::vector<control::VcpuRegisters>(vcpus));
    EXPECT_EQ(core_headers_size(kRanges.size(), vcpus), headers.size());
    EXPECT_EQ(0U, headers.size() % kPageSize);
    const auto core = read_core(headers, false);
    ASSERT_TRUE(core);
    ASSERT_EQ(kRanges.size(), core->memory.size());
    std::uint64_t offset = headers.size();
    for (std::size_t i = 0; i < kRanges.size(); ++i) {
      const Elf64_Phdr& part = core->memory[i].header;
      EXPECT_EQ(offset, part.p_offset);
      EXPECT_EQ(kRanges[i].start, part.p_paddr);
      EXPECT_EQ(kRanges[i].start, part.p_vaddr);
      EXPECT_EQ(kRanges[i].size, part.p_filesz);
      EXPECT_EQ(kRanges[i].size, part.p_memsz);
      offset += part.p_filesz;
    }
  }
}

TEST(ElfCore, HasAThreadForEachVcpu) {
  const auto core = read_core(core_headers(kRanges, {numbered(1000), numbered(2000)}), false);
  ASSERT_TRUE(core);
  EXPECT_EQ(1U, core->notes);
  ASSERT_EQ(2U, core->threads.size());
  for (std::size_t i = 0; i < 2; ++i) {
    const CoreThread& thread = core->threads[i];
    const std::uint64_t first = 1000 * (i + 1);
    EXPECT_EQ(std::string("CORE\0", 5), thread.name);
    EXPECT_EQ(static_cast<int>(i + 1), thread.status.pr_pid);
    EXPECT_EQ(0, thread.status.pr_cursig);
    const user_regs_struct& registers = thread.registers;
    const std::vector<std::uint64_t> general{registers.rax, registers.rbx, registers.rcx, registers.rdx,
                                             registers.rsi, registers.rdi, registers.rbp, registers.rsp,
                                             registers.r8,  registers.r9,  registers.r10, registers.r11,
                                             registers.r12, registers.r13, registers.r14, registers.r15};
    for (std::size_t number = 0; number < general.size(); ++number) {
      EXPECT_EQ(first + number, general[number]) << number;
    }
    EXPECT_EQ(first + 100, registers.rip);
    EXPECT_EQ(first + 101, registers.eflags);
    const std::vector<std::uint64_t> selectors{registers.cs, registers.ss, registers.ds,
                                               registers.es, registers.fs, registers.gs};
    for (std::size_t number = 0; number < selectors.size(); ++number) {
      EXPECT_EQ(first + 110 + number, selectors[number]) << number;
    }
    EXPECT_EQ(first + 120, registers.fs_base);
    EXPECT_EQ(first + 121, registers.gs_base);
  }
}

TEST(ElfCore, WithoutRegistersHasNoNotes) {
  const auto core = read_core(core_headers(kRanges, {}), false);
  ASSERT_TRUE(core);
  EXPECT_EQ(0U, core->notes);
  EXPECT_EQ(kRanges.size(), core->header.e_phnum);
}

}  // namespace
}  // namespace virtsev::daemon
