// SPDX-License-Identifier: LGPL-2.1-or-later
// Private and shared memory are two memories, but below 1 MiB.
#include "driver/vmm/simulated/strict_memory.hpp"

#include <gtest/gtest.h>

#include "driver/vmm/simulated/simulated_platform.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

Bytes read(const GuestMemory& memory, std::uint64_t address) {
  Bytes bytes(2);
  EXPECT_TRUE(memory.read(GuestAddress(address), bytes));
  return bytes;
}

TEST(StrictMemory, WhatIsWrittenPrivatelyDoesNotShowInSharedMemory) {
  const StrictMemory memory(64 * kMiB, 39);
  ASSERT_TRUE(memory.private_memory().write(GuestAddress(kMiB), Bytes{1, 2}));
  EXPECT_EQ(read(memory.private_memory(), kMiB), (Bytes{1, 2}));
  EXPECT_EQ(read(memory.shared_memory(), kMiB), (Bytes{0, 0}));
}

TEST(StrictMemory, TheLowestMegabyteIsOneMemory) {
  const StrictMemory memory(64 * kMiB, 39);
  ASSERT_TRUE(memory.private_memory().write(GuestAddress(kMiB - 2), Bytes{1, 2}));
  EXPECT_EQ(read(memory.shared_memory(), kMiB - 2), (Bytes{1, 2}));
}

TEST(StrictMemory, MemoryThatNothingWasLoadedIntoHoldsNoZeros) {
  const StrictMemory memory(64 * kMiB, 39);
  EXPECT_EQ(read(memory.private_memory(), 32 * kMiB), Bytes(2, HostMemory::kPatternByte));
}

TEST(StrictMemory, TheCBitLeadsToPrivateMemory) {
  const StrictMemory memory(64 * kMiB, 39);
  ASSERT_TRUE(memory.private_memory().write(GuestAddress(2 * kMiB), Bytes{7, 8}));
  Bytes bytes(2);
  ASSERT_TRUE(memory.read_as_guest(GuestAddress(1ULL << 39 | 2 * kMiB), bytes));
  EXPECT_EQ(bytes, (Bytes{7, 8}));
  EXPECT_FALSE(memory.read_as_guest(GuestAddress(1ULL << 40 | 2 * kMiB), bytes));
}

TEST(StrictMemory, MemoryAboveFourGiBIsTwoMemoriesToo) {
  const StrictMemory memory(4096 * kMiB, 39);
  ASSERT_TRUE(memory.private_memory().write(GuestAddress(1ULL << 32), Bytes{1, 2}));
  EXPECT_EQ(read(memory.shared_memory(), 1ULL << 32), (Bytes{0, 0}));
}

TEST(SimulatedCBit, IsTheHostsHighestAddressBitAndAtMost47) {
  EXPECT_EQ(simulated_c_bit_position(40), 39U);
  EXPECT_EQ(simulated_c_bit_position(48), 47U);
  EXPECT_EQ(simulated_c_bit_position(52), 47U);
}

}  // namespace
}  // namespace virtsev::vmm::test
