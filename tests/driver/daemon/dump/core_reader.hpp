// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads core files back: by the structures of the C library's headers, not by what writes them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <elf.h>
#include <sys/procfs.h>
#include <sys/user.h>

#include "sevcore/base/bytes.hpp"

namespace virtsev::daemon {

struct CoreThread {
  std::string name;  ///< The note's
  elf_prstatus status;
  user_regs_struct registers;
};
struct CoreMemory {
  Elf64_Phdr header;
  Bytes content;
};
struct Core {
  Elf64_Ehdr header;
  std::vector<CoreThread> threads;
  std::vector<CoreMemory> memory;
  std::size_t notes = 0;     ///< PT_NOTE segments
  std::size_t end_byte = 0;  ///< Where the last segment ends
};

/// Fails the test, and gives nothing, where a part lies beyond the end. Without `with_memory` the segments'
/// bytes are not looked at.
std::optional<Core> read_core(ByteView file, bool with_memory = true);
std::optional<Core> read_core_file(const std::string& path);

}  // namespace virtsev::daemon
