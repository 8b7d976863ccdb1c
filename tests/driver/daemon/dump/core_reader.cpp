// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/driver/daemon/dump/core_reader.hpp"

#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include "driver/daemon/files/read_file.hpp"

namespace virtsev::daemon {
namespace {

template <typename T>
bool take(ByteView file, std::size_t offset, T& into) {
  if (offset > file.size() || sizeof into > file.size() - offset) {
    ADD_FAILURE() << "the file ends at " << file.size() << ", before " << offset << " and " << sizeof into;
    return false;
  }
  std::memcpy(&into, file.data() + offset, sizeof into);
  return true;
}

bool read_notes(ByteView notes, Core& core) {
  for (std::size_t at = 0; at < notes.size();) {
    Elf64_Nhdr note{};
    CoreThread thread{};
    if (!take(notes, at, note)) {
      return false;
    }
    at += sizeof note;
    EXPECT_EQ(+NT_PRSTATUS, note.n_type);
    EXPECT_EQ(sizeof thread.status, note.n_descsz);
    thread.name.assign(reinterpret_cast<const char*>(notes.data()) + at, note.n_namesz);
    at += round_up(note.n_namesz, 4);
    if (!take(notes, at, thread.status)) {
      return false;
    }
    at += round_up(note.n_descsz, 4);
    static_assert(sizeof thread.registers == sizeof thread.status.pr_reg);
    std::memcpy(&thread.registers, &thread.status.pr_reg, sizeof thread.registers);
    core.threads.push_back(thread);
  }
  return true;
}

}  // namespace

std::optional<Core> read_core(ByteView file, bool with_memory) {
  Core core{};
  if (!take(file, 0, core.header)) {
    return std::nullopt;
  }
  for (unsigned i = 0; i < core.header.e_phnum; ++i) {
    Elf64_Phdr part{};
    if (!take(file, core.header.e_phoff + i * sizeof part, part)) {
      return std::nullopt;
    }
    core.end_byte = std::max<std::size_t>(core.end_byte, part.p_offset + part.p_filesz);
    const bool looked_at = with_memory || part.p_type == PT_NOTE;
    if (looked_at && (part.p_offset > file.size() || part.p_filesz > file.size() - part.p_offset)) {
      ADD_FAILURE() << "segment " << i << " goes on behind the file's end";
      return std::nullopt;
    }
    const ByteView content = looked_at ? file.subspan(part.p_offset, part.p_filesz) : ByteView();
    if (part.p_type == PT_LOAD) {
      core.memory.push_back({part, Bytes(content.begin(), content.end())});
    } else {
      EXPECT_EQ(+PT_NOTE, part.p_type);
      ++core.notes;
      if (!read_notes(content, core)) {
        return std::nullopt;
      }
    }
  }
  return core;
}

std::optional<Core> read_core_file(const std::string& path) {
  constexpr std::size_t kMaxBytes = 64U << 20;
  const auto content = read_file(path, kMaxBytes);
  if (!content) {
    ADD_FAILURE() << path << ": " << error_text(content.error());
    return std::nullopt;
  }
  return read_core(bytes_of(*content));
}

}  // namespace virtsev::daemon
