// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory that becomes a guest's: zeros that can be shared, or a pattern that can't.
#include "driver/vmm/memory/host_memory.hpp"

#include <cerrno>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace virtsev::vmm::test {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

TEST(HostMemory, ShareableMemoryIsZeros) {
  const HostMemory memory = HostMemory::shareable("test", kMiB);
  EXPECT_EQ(memory.data()[0], 0);
  EXPECT_EQ(memory.data()[kMiB - 1], 0);
}

TEST(HostMemory, ShareableMemoryCantShrinkUnderUs) {
  const HostMemory memory = HostMemory::shareable("test", kMiB);
  EXPECT_NE(::ftruncate(memory.descriptor(), 0), 0);
  EXPECT_EQ(errno, EPERM);
}

TEST(HostMemory, PatternedMemoryHoldsThePatternEverywhere) {
  const std::uint64_t size = 9 * kMiB + 4096;
  const HostMemory memory = HostMemory::patterned(size);
  ASSERT_EQ(memory.size(), size);
  for (std::uint64_t at = 0; at < size; at += 4096) {
    ASSERT_EQ(memory.data()[at], HostMemory::kPatternByte) << at;
  }
  EXPECT_EQ(memory.data()[size - 1], HostMemory::kPatternByte);
}

TEST(HostMemory, AWriteToPatternedMemoryShowsAtOnePlaceOnly) {
  const HostMemory memory = HostMemory::patterned(8 * kMiB);
  memory.data()[0] = 1;
  EXPECT_EQ(memory.data()[2 * kMiB], HostMemory::kPatternByte);
  EXPECT_EQ(memory.data()[4 * kMiB], HostMemory::kPatternByte);
  EXPECT_EQ(memory.data()[0], 1);
}

TEST(HostMemory, MuchPatternedMemoryCostsLittleUntilItIsTouched) {
  const HostMemory memory = HostMemory::patterned(64ULL << 30);
  EXPECT_EQ(memory.data()[63ULL << 30], HostMemory::kPatternByte);
}

}  // namespace
}  // namespace virtsev::vmm::test
