// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/simulated/page_table_walk.hpp"

#include <algorithm>

namespace virtsev::vmm {
namespace {

constexpr std::uint64_t kPaging = 1ULL << 31;           // CR0.PG
constexpr std::uint64_t kAddressExtension = 1ULL << 5;  // CR4.PAE
constexpr std::uint64_t kFiveLevels = 1ULL << 12;       // CR4.LA57
constexpr std::uint64_t kLongModeActive = 1ULL << 10;   // EFER.LMA

constexpr std::uint64_t kPresent = 1U << 0;
constexpr std::uint64_t kBigPage = 1U << 7;  // PS
constexpr std::uint64_t kAddressBits = 0x000ffffffffff000;
constexpr unsigned kPageBits = 12;
constexpr unsigned kIndexBits = 9;
/// 1 is the last level. Pages of 2 MiB are the second one's, those of 1 GiB the third's.
constexpr unsigned kHighestWithPages = 3;

// PAE without long mode: 4 entries at a multiple of 32 bytes below 4 GiB.
constexpr std::uint64_t kPaeRootBits = 0xffffffe0;
constexpr std::size_t kPaeRootBytes = 4 * 8;
constexpr unsigned kPaeDirectory = 2;

constexpr std::uint64_t kLongestInstruction = 15;  // Bytes

constexpr std::uint64_t size_mapped_at(unsigned level) {
  return 1ULL << (kPageBits + kIndexBits * (level - 1));
}

bool is_in_long_mode(const kvm_sregs& registers) { return (registers.efer & kLongModeActive) != 0; }

unsigned highest_level(const kvm_sregs& registers) { return (registers.cr4 & kFiveLevels) != 0 ? 5 : 4; }

}  // namespace

bool has_c_bit_tables(const kvm_sregs& registers) {
  return (registers.cr0 & kPaging) != 0 && (registers.cr4 & kAddressExtension) != 0;
}

PageTableWalk::PageTableWalk(ReadTable read, std::uint64_t c_bit, std::vector<PageRuns::Run> memory)
    : read_(std::move(read)), c_bit_(c_bit), memory_(std::move(memory)) {
  const std::uint64_t end = memory_.empty() ? 0 : memory_.back().end;
  seen_.resize((end / kPageSize + std::tuple_size_v<Seen> - 1) / std::tuple_size_v<Seen>);
}

Result<void, PageTableWalk::Refusal> PageTableWalk::walk(const kvm_sregs& registers) {
  if (!has_c_bit_tables(registers)) {
    return {};
  }
  if (!is_in_long_mode(registers)) {
    return walk_pae_root(registers.cr3 & kPaeRootBits);
  }
  return follow(registers.cr3, highest_level(registers));
}

PageTableWalk::Outcome PageTableWalk::walk_pae_root(std::uint64_t root) {
  if (Outcome added = add(always_private_, root & kAddressBits, kPageSize); !added) {
    return added;
  }
  ByteArray<kPaeRootBytes> entries{};
  if (!read_(GuestAddress(root), entries)) {
    return {};
  }
  for (std::size_t at = 0; at < entries.size(); at += 8) {
    const auto entry = get_le<std::uint64_t>(entries, at);
    if ((entry & kPresent) == 0) {
      continue;
    }
    if (Outcome followed = follow(entry, kPaeDirectory); !followed) {
      return followed;
    }
  }
  return {};
}

PageTableWalk::Outcome PageTableWalk::follow(std::uint64_t pointer, unsigned level) {
  const std::uint64_t table = pointer & kAddressBits & ~c_bit_;
  if ((pointer & c_bit_) == 0) {
    if (Outcome added = add(always_private_, table, kPageSize); !added) {
      return added;
    }
  }
  if (!note(table, level)) {
    return {};
  }
  if (seen_count_ > kMostTables) {
    return unexpected(Refusal::kTooManyTables);
  }
  ByteArray<kPageSize> entries{};
  if (!read_(GuestAddress(table), entries)) {
    return {};  // The guest's access will fail by itself
  }
  for (std::size_t at = 0; at < entries.size(); at += 8) {
    if (Outcome looked = look_at(get_le<std::uint64_t>(entries, at), level); !looked) {
      return looked;
    }
  }
  return {};
}

bool PageTableWalk::note(std::uint64_t table, unsigned level) {
  const std::uint64_t page = table / kPageSize;
  const std::uint64_t part = page / std::tuple_size_v<Seen>;
  if (part >= seen_.size()) {
    return false;  // no memory there
  }
  if (!seen_[part]) {
    seen_[part] = std::make_unique<Seen>();
  }
  std::uint8_t& levels = (*seen_[part])[page % std::tuple_size_v<Seen>];
  const auto bit = static_cast<std::uint8_t>(1U << level);
  if ((levels & bit) != 0) {
    return false;
  }
  levels |= bit;
  ++seen_count_;
  return true;
}

PageTableWalk::Outcome PageTableWalk::look_at(std::uint64_t entry, unsigned level) {
  const bool big = level > 1 && (entry & kBigPage) != 0;
  if ((entry & kPresent) == 0 || (big && level > kHighestWithPages)) {
    return {};
  }
  if (level > 1 && !big) {
    return follow(entry, level - 1);
  }
  if ((entry & c_bit_) != 0) {
    return {};
  }
  const std::uint64_t size = size_mapped_at(level);
  return add(shared_, entry & kAddressBits & ~(size - 1), size);
}

PageTableWalk::Outcome PageTableWalk::add_code(const kvm_sregs& registers, std::uint64_t linear) {
  if (!has_c_bit_tables(registers)) {
    return {};
  }
  for (const std::uint64_t byte : {linear, linear + kLongestInstruction - 1}) {
    const std::optional<std::uint64_t> page = find_page(registers, byte);
    if (page && (*page & c_bit_) == 0) {
      if (Outcome added = add(always_private_, *page, kPageSize); !added) {
        return added;
      }
    }
  }
  return {};
}

std::optional<std::uint64_t> PageTableWalk::find_page(const kvm_sregs& registers,
                                                      std::uint64_t linear) const {
  constexpr std::uint64_t kIndexMask = (1ULL << kIndexBits) - 1;
  std::uint64_t entry = registers.cr3 | kPresent;
  unsigned level = highest_level(registers);
  if (!is_in_long_mode(registers)) {
    entry = entry_at((registers.cr3 & kPaeRootBits) + (linear >> 30U & 3U) * 8);
    level = kPaeDirectory;
  }
  for (; (entry & kPresent) != 0; --level) {
    const std::uint64_t size = size_mapped_at(level);
    entry = entry_at((entry & kAddressBits & ~c_bit_) + (linear / size & kIndexMask) * 8);
    const bool big = level > 1 && (entry & kBigPage) != 0;
    if ((entry & kPresent) != 0 && (level == 1 || big)) {
      return (entry & kAddressBits & ~(size - 1)) | (linear & (size - 1) & ~(kPageSize - 1));
    }
  }
  return std::nullopt;
}

std::uint64_t PageTableWalk::entry_at(std::uint64_t address) const {
  ByteArray<8> entry{};
  return read_(GuestAddress(address), entry) ? get_le<std::uint64_t>(entry, 0) : 0;
}

PageTableWalk::Outcome PageTableWalk::add(PageRuns& to, std::uint64_t start, std::uint64_t size) const {
  for (const PageRuns::Run& part : memory_) {
    const PageRuns::Run run{std::max(start, part.start), std::min(start + size, part.end)};
    if (run.start < run.end && !to.add(run)) {
      return unexpected(Refusal::kTooManyRuns);
    }
  }
  return {};
}

}  // namespace virtsev::vmm
