// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/debug/page_walk.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint64_t kPaging = 1ULL << 31;          // CR0.PG
constexpr std::uint64_t kLongModeActive = 1ULL << 10;  // EFER.LMA
constexpr std::uint64_t kFiveLevels = 1ULL << 12;      // CR4.LA57

constexpr std::uint64_t kPresent = 1U << 0;
constexpr std::uint64_t kBigPage = 1U << 7;  // PS, in the second and third level
constexpr std::uint64_t kAddressBits = 0x000ffffffffff000;
constexpr unsigned kPageBits = 12;
constexpr unsigned kIndexBits = 9;

/// Linear addresses without paging have 32 bits.
constexpr std::uint64_t kUnpagedEnd = 1ULL << 32;

/// The lowest bit that level `level` translates; 1 is the last level.
constexpr unsigned lowest_bit(unsigned level) { return kPageBits + kIndexBits * (level - 1); }

bool is_canonical(std::uint64_t linear, unsigned levels) {
  const unsigned unused = 64 - lowest_bit(levels + 1);
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(linear << unused) >> unused) == linear;
}

Translation translation(std::uint64_t entry, std::uint64_t linear, unsigned level, std::uint64_t c_bit) {
  const std::uint64_t size = 1ULL << lowest_bit(level);
  const std::uint64_t offset = linear & (size - 1);
  // A big page's low address bits are reserved, but for PAT.
  const std::uint64_t page = entry & kAddressBits & ~c_bit & ~(size - 1);
  return {GuestAddress(page | offset), size - offset, c_bit != 0 && (entry & c_bit) != 0};
}

}  // namespace

Result<Translation, WalkError> walk_page_tables(const sevcore::VcpuState& state, std::uint64_t linear,
                                                std::uint64_t c_bit, const ReadTable& read) {
  if ((state.cr0 & kPaging) == 0) {
    if (linear >= kUnpagedEnd) {
      return unexpected(WalkError::kNotCanonical);
    }
    // With paging off all accesses of an SEV guest are private (AMD APM volume 2, 15.34.5).
    return Translation{GuestAddress(linear), kUnpagedEnd - linear, c_bit != 0};
  }
  if ((state.efer & kLongModeActive) == 0) {
    return unexpected(WalkError::kUnknownMode);
  }
  const unsigned levels = (state.cr4 & kFiveLevels) != 0 ? 5 : 4;
  if (!is_canonical(linear, levels)) {
    return unexpected(WalkError::kNotCanonical);
  }
  std::uint64_t table = state.cr3 & kAddressBits & ~c_bit;
  for (unsigned level = levels;; --level) {
    const std::uint64_t index = (linear >> lowest_bit(level)) & ((1U << kIndexBits) - 1);
    ByteArray<8> bytes{};
    if (!read(GuestAddress(table + index * bytes.size()), bytes)) {
      return unexpected(WalkError::kTableOutsideMemory);
    }
    const auto entry = get_le<std::uint64_t>(bytes, 0);
    const bool may_be_page = level <= 3;
    if ((entry & kPresent) == 0 || (!may_be_page && (entry & kBigPage) != 0)) {
      return unexpected(WalkError::kNotMapped);
    }
    if (level == 1 || (entry & kBigPage) != 0) {
      return translation(entry, linear, level, c_bit);
    }
    table = entry & kAddressBits & ~c_bit;
  }
}

}  // namespace virtsev::vmm
