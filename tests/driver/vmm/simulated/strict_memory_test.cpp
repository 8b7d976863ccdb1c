// SPDX-License-Identifier: LGPL-2.1-or-later
// Private and shared memory are two memories, but below 1 MiB.
#include "driver/vmm/simulated/strict_memory.hpp"

#include <gtest/gtest.h>

#include "driver/vmm/simulated/simulated_platform.hpp"
#include "sevcore/machine/memory_layout.hpp"

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
  EXPECT_EQ(memory.seen_at(GuestAddress(kMiB - 2)), &memory.private_memory());
}

TEST(StrictMemory, AKernelThatWasNotLoadedStopsAtItsFirstInstruction) {
  const StrictMemory memory(64 * kMiB, 39);
  const std::uint64_t kernel = layout::kKernel.value();
  EXPECT_EQ(read(memory.private_memory(), kernel), Bytes(2, StrictMemory::kTrap));
  EXPECT_EQ(read(memory.private_memory(), kernel + StrictMemory::kTrapBytes - 2),
            Bytes(2, StrictMemory::kTrap));
  EXPECT_EQ(read(memory.private_memory(), kernel + StrictMemory::kTrapBytes), Bytes(2, 0));
  EXPECT_EQ(read(memory.shared_memory(), kernel), Bytes(2, 0));
}

TEST(StrictMemory, ASmallMachineHasRoomForPartOfTheTrapOrNone) {
  const std::uint64_t kernel = layout::kKernel.value();
  const StrictMemory small(kernel, 39);
  EXPECT_EQ(read(small.private_memory(), kernel - 2), Bytes(2, 0));
  const StrictMemory larger(kernel + kPageSize, 39);
  EXPECT_EQ(read(larger.private_memory(), kernel + kPageSize - 2), Bytes(2, StrictMemory::kTrap));
}

TEST(StrictMemory, WithoutCBitThereIsNothingAtFirst) {
  const StrictMemory memory(64 * kMiB, 39);
  EXPECT_EQ(memory.seen_at(GuestAddress(kMiB)), nullptr);
  EXPECT_EQ(memory.seen_at(GuestAddress(1ULL << 39 | kMiB)), &memory.private_memory());
}

TEST(StrictMemory, WhatTheLaunchLoadsSharedIsSharedFromTheStart) {
  const StrictMemory memory(64 * kMiB, 39);
  memory.share(GuestAddress(2 * kMiB + 5), kPageSize);
  EXPECT_EQ(memory.seen_at(GuestAddress(2 * kMiB)), &memory.shared_memory());
  EXPECT_EQ(memory.seen_at(GuestAddress(2 * kMiB + 2 * kPageSize - 1)), &memory.shared_memory());
  EXPECT_EQ(memory.seen_at(GuestAddress(2 * kMiB + 2 * kPageSize)), nullptr);
  memory.share(GuestAddress(4 * kMiB), kPageSize);
  EXPECT_EQ(memory.seen_at(GuestAddress(2 * kMiB)), &memory.shared_memory()) << "both";
}

TEST(StrictMemory, NothingIsSharedWhereNoMemoryIsOrBelowTheFirstMegabyte) {
  const StrictMemory memory(64 * kMiB, 39);
  memory.share(GuestAddress(0), 2 * kMiB);
  memory.share(GuestAddress(64 * kMiB - kPageSize), kMiB);
  memory.share(GuestAddress(1ULL << 40), kMiB);
  EXPECT_EQ(memory.view().shared_pages().runs(),
            (std::vector<PageRuns::Run>{{kMiB, 2 * kMiB}, {64 * kMiB - kPageSize, 64 * kMiB}}));
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
