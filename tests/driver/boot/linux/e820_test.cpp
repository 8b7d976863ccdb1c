// SPDX-License-Identifier: LGPL-2.1-or-later
// The memory map that the guest believes: all RAM once, nothing else as RAM.
#include "driver/boot/linux/e820.hpp"

#include <gtest/gtest.h>

#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::boot {
namespace {

constexpr std::uint64_t kSizes[] = {64ULL << 20, 512ULL << 20, 0xb0000000 - 4096,
                                    0xb0000000,  3ULL << 30,   (3ULL << 30) + 4096,
                                    4ULL << 30,  6ULL << 30,   1ULL << 40};

TEST(MemoryMap, AscendsWithoutOverlap) {
  for (const std::uint64_t size : kSizes) {
    GuestAddress end;
    for (const E820Entry& entry : memory_map(size)) {
      EXPECT_GE(entry.start, end) << size;
      EXPECT_GT(entry.size, 0U) << size;
      EXPECT_EQ(entry.start.value() % kPageSize, 0U);
      EXPECT_EQ(entry.size % kPageSize, 0U);
      end = entry.start + entry.size;
    }
  }
}

TEST(MemoryMap, CoversExactlyTheMemoryThatThereIs) {
  for (const std::uint64_t size : kSizes) {
    const layout::Window low = layout::low_ram(size);
    const layout::Window high = layout::high_ram(size);
    EXPECT_EQ(low.size + high.size, size);
    std::uint64_t backed = 0;
    for (const E820Entry& entry : memory_map(size)) {
      const GuestAddress end = entry.start + entry.size;
      const bool in_low = end <= low.end();
      const bool in_high = entry.start >= high.start && end <= high.end();
      EXPECT_TRUE(in_low || in_high || entry.type == E820Type::kReserved) << size;
      backed += in_low || in_high ? entry.size : 0;
    }
    EXPECT_EQ(backed, size);
  }
}

TEST(MemoryMap, GivesAcpiTablesTheirOwnTypeBecauseLinuxMapsReservedMemoryShared) {
  for (const E820Entry& entry : memory_map(kSizes[0])) {
    if (entry.start == layout::kAcpiTables.start) {
      EXPECT_EQ(entry.type, E820Type::kAcpi);
      EXPECT_EQ(entry.size, layout::kAcpiTables.size);
      return;
    }
  }
  FAIL() << "no entry for the ACPI tables";
}

TEST(MemoryMap, ReservesPciConfigurationSpace) {
  bool reserved = false;
  for (const E820Entry& entry : memory_map(kSizes[1])) {
    reserved = reserved || (entry.start == layout::kPciEcam.start && entry.size == layout::kPciEcam.size);
  }
  EXPECT_TRUE(reserved);
}

TEST(Layout, PutsThe64BitWindowAboveAllMemory) {
  for (const std::uint64_t size : kSizes) {
    EXPECT_GE(layout::mmio64(size).start, layout::high_ram(size).end());
    EXPECT_EQ(layout::mmio64(size).start.value() % layout::mmio64(size).size, 0U);
  }
}

}  // namespace
}  // namespace virtsev::boot
