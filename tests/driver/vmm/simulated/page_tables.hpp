// SPDX-License-Identifier: LGPL-2.1-or-later
// Page tables of a guest's, as a test writes them.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include <linux/kvm.h>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guest_address.hpp"

namespace virtsev::vmm::test {

inline constexpr std::uint64_t kCBit = 1ULL << 39;
inline constexpr std::uint64_t kPresent = 1U << 0;
inline constexpr std::uint64_t kWritable = 1U << 1;

/// A vCPU in long mode with 4 levels.
inline kvm_sregs long_mode(std::uint64_t cr3) {
  kvm_sregs registers{};
  registers.cr0 = 0x80000011;
  registers.cr4 = 1U << 5;
  registers.efer = 0x500;
  registers.cr3 = cr3;
  return registers;
}

class PageTables {
 public:
  explicit PageTables(std::uint64_t c_bit = kCBit) : c_bit_(c_bit) {}

  std::uint64_t& entry(std::uint64_t table, std::size_t index) { return tables_[table][index]; }

  /// A page of 4 KiB, through 4 levels. New tables lie behind the root, in the order in which they are
  /// needed, and pointers to them have the C-bit.
  void map(std::uint64_t root, std::uint64_t linear, std::uint64_t page_and_c_bit) {
    std::uint64_t table = root;
    for (const unsigned lowest : {39U, 30U, 21U}) {
      std::uint64_t& pointer = entry(table, linear >> lowest & 511);
      if (pointer == 0) {
        pointer = next_of(root) | c_bit_ | kPresent | kWritable;
      }
      table = pointer & 0x000ffffffffff000 & ~c_bit_;
    }
    entry(table, linear >> 12 & 511) = page_and_c_bit | kPresent | kWritable;
  }

  /// The last table on the way to what map() has mapped there.
  [[nodiscard]] std::uint64_t last_table(std::uint64_t root, std::uint64_t linear) {
    std::uint64_t table = root;
    for (const unsigned lowest : {39U, 30U, 21U}) {
      table = entry(table, linear >> lowest & 511) & 0x000ffffffffff000 & ~c_bit_;
    }
    return table;
  }

  /// Zeros where there is no table.
  bool read(GuestAddress from, MutableBytes to) {
    ++reads;
    for (std::size_t at = 0; at < to.size(); at += 8) {
      const std::uint64_t address = from.value() + at;
      const auto found = tables_.find(address & ~(kPageSize - 1));
      put_le<std::uint64_t>(to, at, found == tables_.end() ? 0 : found->second[address % kPageSize / 8]);
    }
    return true;
  }

  using Table = std::array<std::uint64_t, 512>;
  [[nodiscard]] const std::map<std::uint64_t, Table>& all() const { return tables_; }

  int reads = 0;

 private:
  std::uint64_t next_of(std::uint64_t root) { return root + ++made_[root] * kPageSize; }

  std::uint64_t c_bit_;
  std::map<std::uint64_t, Table> tables_;
  std::map<std::uint64_t, std::uint64_t> made_;
};

}  // namespace virtsev::vmm::test
