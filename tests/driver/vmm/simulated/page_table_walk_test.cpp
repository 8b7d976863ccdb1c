// SPDX-License-Identifier: LGPL-2.1-or-later
// What page tables share with the host, hostile ones included.
#include "driver/vmm/simulated/page_table_walk.hpp"

#include <gtest/gtest.h>

#include "tests/driver/vmm/simulated/page_tables.hpp"

namespace virtsev::vmm::test {
namespace {

using Refusal = PageTableWalk::Refusal;
using Runs = std::vector<PageRuns::Run>;

constexpr std::uint64_t kRoot = 0x100000;
constexpr std::uint64_t kMemory = 64ULL << 20;
constexpr std::uint64_t kMiB = 1ULL << 20;

class PageTableWalkTest : public testing::Test {
 protected:
  std::uint64_t& entry(std::uint64_t table, std::size_t index) { return tables_.entry(table, index); }
  PageTableWalk walk() {
    return {[this](GuestAddress from, MutableBytes to) {
              return from.value() < kMemory && tables_.read(from, to);
            },
            kCBit,
            {{kMiB, kMemory}}};
  }

  PageTables tables_;
};

TEST_F(PageTableWalkTest, SharesWhatIsMappedWithoutCBitAndNothingElse) {
  tables_.map(kRoot, 0x400000, 0x500000 | kCBit);
  tables_.map(kRoot, 0x401000, 0x600000);
  PageTableWalk walk = this->walk();
  ASSERT_TRUE(walk.walk(long_mode(kRoot | kCBit)));
  EXPECT_EQ(walk.shared().runs(), (Runs{{0x600000, 0x601000}}));
  EXPECT_TRUE(walk.always_private().empty()) << "all pointers have the C-bit";
}

TEST_F(PageTableWalkTest, NamesTheTablesThatAPointerWithoutCBitLeadsTo) {
  tables_.map(kRoot, 0x400000, 0x500000 | kCBit);
  entry(kRoot, 0) &= ~kCBit;
  PageTableWalk walk = this->walk();
  ASSERT_TRUE(walk.walk(long_mode(kRoot)));
  EXPECT_EQ(walk.always_private().runs(), (Runs{{kRoot, kRoot + 2 * kPageSize}}));
}

TEST_F(PageTableWalkTest, ATableThatIsSeenTwiceIsNamedForTheSecondPointerAlone) {
  tables_.map(kRoot, 0x400000, 0x500000 | kCBit);
  entry(kRoot, 5) = entry(kRoot, 0) & ~kCBit;
  PageTableWalk walk = this->walk();
  ASSERT_TRUE(walk.walk(long_mode(kRoot | kCBit)));
  EXPECT_EQ(walk.always_private().runs(), (Runs{{kRoot + kPageSize, kRoot + 2 * kPageSize}}));
}

TEST_F(PageTableWalkTest, CodeWithoutCBitIsPrivateAndNoOther) {
  tables_.map(kRoot, 0x400000, 0x500000 | kCBit);
  tables_.map(kRoot, 0x401000, 0x600000);
  tables_.map(kRoot, 0x402000, 0x700000);
  const auto code_at = [&](std::uint64_t linear) {
    PageTableWalk walk = this->walk();
    EXPECT_TRUE(walk.walk(long_mode(kRoot | kCBit)));
    EXPECT_TRUE(walk.add_code(long_mode(kRoot | kCBit), linear));
    return walk.always_private().runs();
  };
  EXPECT_EQ(code_at(0x400123), Runs{});
  EXPECT_EQ(code_at(0x401123), (Runs{{0x600000, 0x601000}}));
  EXPECT_EQ(code_at(0x401ff8), (Runs{{0x600000, 0x601000}, {0x700000, 0x701000}})) << "across two pages";
  EXPECT_EQ(code_at(0x402ff8), (Runs{{0x700000, 0x701000}})) << "nothing behind it";
  EXPECT_EQ(code_at(0x8000000000), Runs{}) << "not mapped";
}

TEST_F(PageTableWalkTest, CodeInAHugePageIsItsPageOf4KiBAlone) {
  constexpr std::uint64_t kHuge = 1U << 7;
  tables_.map(kRoot, 0x400000, 0x500000 | kCBit);
  entry(kRoot + 2 * kPageSize, 3) = 0x800000 | kHuge | kPresent;  // 2 MiB at 6 MiB
  PageTableWalk walk = this->walk();
  ASSERT_TRUE(walk.add_code(long_mode(kRoot), 0x6abcde));
  EXPECT_EQ(walk.always_private().runs(), (Runs{{0x8ab000, 0x8ac000}}));
}

TEST_F(PageTableWalkTest, CodeIsFoundThroughPaesTablesAndNotWithoutPaging) {
  kvm_sregs registers = long_mode(kRoot + 0x20);
  registers.efer = 0;
  entry(kRoot, 4 + 1) = (kRoot + kPageSize) | kCBit | kPresent;  // 1 GiB and up
  entry(kRoot + kPageSize, 2) = (kRoot + 2 * kPageSize) | kCBit | kPresent;
  entry(kRoot + 2 * kPageSize, 7) = 0x600000 | kPresent;
  PageTableWalk walk = this->walk();
  ASSERT_TRUE(walk.add_code(registers, 0x40407123));
  EXPECT_EQ(walk.always_private().runs(), (Runs{{0x600000, 0x601000}}));
  registers.cr0 = 1;
  PageTableWalk without_paging = this->walk();
  ASSERT_TRUE(without_paging.add_code(registers, 0x40407123));
  EXPECT_TRUE(without_paging.always_private().empty());
}

TEST_F(PageTableWalkTest, KnowsHugePagesAndIgnoresTheirAttributeBits) {
  constexpr std::uint64_t kHuge = 1U << 7;
  constexpr std::uint64_t kPat = 1U << 12;
  tables_.map(kRoot, 0x400000, 0x500000 | kCBit);
  const std::uint64_t pointers = kRoot + kPageSize;
  entry(kRoot + 2 * kPageSize, 3) = 0x800000 | kPat | kHuge | kPresent;  // 2 MiB
  PageTableWalk walk = this->walk();
  ASSERT_TRUE(walk.walk(long_mode(kRoot | kCBit)));
  EXPECT_EQ(walk.shared().runs(), (Runs{{0x800000, 0xa00000}}));

  entry(pointers, 1) = 0 | kHuge | kPresent;  // 1 GiB: all memory that there is from 1 MiB on
  PageTableWalk again = this->walk();
  ASSERT_TRUE(again.walk(long_mode(kRoot | kCBit)));
  EXPECT_EQ(again.shared().runs(), (Runs{{kMiB, kMemory}}));

  entry(kRoot, 9) = 0 | kHuge | kPresent;  // no page is larger: the processor refuses it
  entry(pointers, 1) = 0;
  PageTableWalk third = this->walk();
  ASSERT_TRUE(third.walk(long_mode(kRoot | kCBit)));
  EXPECT_EQ(third.shared().runs(), (Runs{{0x800000, 0xa00000}}));
}

TEST_F(PageTableWalkTest, FollowsFiveLevels) {
  tables_.map(kRoot, 0x400000, 0x600000);
  constexpr std::uint64_t kTop = 0x200000;
  entry(kTop, 0) = kRoot | kCBit | kPresent;
  kvm_sregs registers = long_mode(kTop | kCBit);
  registers.cr4 |= 1U << 12;
  PageTableWalk walk = this->walk();
  ASSERT_TRUE(walk.walk(registers));
  EXPECT_EQ(walk.shared().runs(), (Runs{{0x600000, 0x601000}}));
}

TEST_F(PageTableWalkTest, FollowsPaeWithoutLongMode) {
  constexpr std::uint64_t kPointers = kRoot + 0x20;  // any multiple of 32
  entry(kRoot, 4 + 1) = 0x200000 | kPresent;
  entry(kRoot, 4 + 4) = 0x300000 | kPresent;  // there are four alone
  entry(0x200000, 0) = 0x201000 | kCBit | kPresent;
  entry(0x200000, 1) = 0x800000 | 1U << 7 | kPresent;
  entry(0x201000, 7) = 0x600000 | kPresent;
  kvm_sregs registers = long_mode(kPointers);
  registers.efer = 0;
  PageTableWalk walk = this->walk();
  ASSERT_TRUE(walk.walk(registers));
  EXPECT_EQ(walk.shared().runs(), (Runs{{0x600000, 0x601000}, {0x800000, 0xa00000}}));
  EXPECT_EQ(walk.always_private().runs(), (Runs{{kRoot, kRoot + kPageSize}, {0x200000, 0x201000}}));
}

TEST_F(PageTableWalkTest, WithoutPagingAndWithoutPaeThereAreNoSuchTables) {
  tables_.map(kRoot, 0x400000, 0x600000);
  kvm_sregs no_paging = long_mode(kRoot);
  no_paging.cr0 &= ~(1ULL << 31);
  kvm_sregs no_pae = long_mode(kRoot);
  no_pae.cr4 = 0;
  for (const kvm_sregs& registers : {no_paging, no_pae}) {
    EXPECT_FALSE(has_c_bit_tables(registers));
    PageTableWalk walk = this->walk();
    ASSERT_TRUE(walk.walk(registers));
    EXPECT_TRUE(walk.shared().empty() && walk.always_private().empty());
  }
}

TEST_F(PageTableWalkTest, ATableThatRefersToItselfIsWalkedOnceForEachLevel) {
  for (std::size_t i = 0; i < 512; ++i) {
    entry(kRoot, i) = kRoot | kPresent;
  }
  PageTableWalk walk = this->walk();
  ASSERT_TRUE(walk.walk(long_mode(kRoot)));
  EXPECT_EQ(tables_.reads, 4);
  EXPECT_EQ(walk.always_private().runs(), (Runs{{kRoot, kRoot + kPageSize}}));
  EXPECT_EQ(walk.shared().runs(), walk.always_private().runs());
}

TEST_F(PageTableWalkTest, TablesAndPagesOutsideMemoryAreLeftOut) {
  tables_.map(kRoot, 0x400000, 0xfffff000);  // no memory there
  tables_.map(kRoot, 0x401000, 0x5000);      // below 1 MiB
  tables_.map(kRoot, 0x402000, 0x000ffffffffff000 & ~kCBit);
  entry(kRoot, 7) = 0xfee00000 | kPresent;  // a table that is not there
  PageTableWalk walk = this->walk();
  ASSERT_TRUE(walk.walk(long_mode(kRoot | kCBit)));
  EXPECT_TRUE(walk.shared().empty());
  EXPECT_TRUE(walk.always_private().empty());
  PageTableWalk nowhere = this->walk();
  EXPECT_TRUE(nowhere.walk(long_mode(0x000ffffffffff000)));
}

TEST_F(PageTableWalkTest, EverySecondPageSharedIsRefused) {
  constexpr std::uint64_t kMany = 512ULL << 20;
  std::uint64_t linear = 0;
  for (std::uint64_t page = 0; page < 4 * PageRuns::kMost; page += 2) {
    tables_.map(kRoot, linear, kMany + page * kPageSize);
    linear += kPageSize;
  }
  PageTableWalk walk([this](GuestAddress from, MutableBytes to) { return tables_.read(from, to); }, kCBit,
                     {{kMany, 8 * kMany}});
  const auto walked = walk.walk(long_mode(kRoot | kCBit));
  ASSERT_FALSE(walked);
  EXPECT_EQ(walked.error(), Refusal::kTooManyRuns);
}

TEST_F(PageTableWalkTest, TablesWithoutEndAreRefused) {
  // Each entry of each table is another table: what a guest of much memory can do.
  PageTableWalk walk(
      [](GuestAddress from, MutableBytes to) {
        for (std::size_t at = 0; at < to.size(); at += 8) {
          const std::uint64_t next = (from.value() * 512 + at / 8 * kPageSize) % (1ULL << 38);
          put_le<std::uint64_t>(to, at, (next & ~(kPageSize - 1)) | kCBit | kPresent);
        }
        return true;
      },
      kCBit, {{kMiB, 1ULL << 38}});
  const auto walked = walk.walk(long_mode(kRoot | kCBit));
  ASSERT_FALSE(walked);
  EXPECT_EQ(walked.error(), Refusal::kTooManyTables);
}

TEST_F(PageTableWalkTest, SeveralVcpusAreOneWalk) {
  tables_.map(kRoot, 0x400000, 0x600000);
  constexpr std::uint64_t kSecond = 0x800000;
  entry(kSecond, 0) = entry(kRoot, 0);
  tables_.map(kSecond, 1ULL << 40, 0x700000);
  PageTableWalk walk = this->walk();
  ASSERT_TRUE(walk.walk(long_mode(kRoot | kCBit)));
  const int reads = tables_.reads;
  ASSERT_TRUE(walk.walk(long_mode(kSecond | kCBit)));
  EXPECT_EQ(walk.shared().runs(), (Runs{{0x600000, 0x601000}, {0x700000, 0x701000}}));
  EXPECT_EQ(tables_.reads, reads + 4) << "what both have is walked once";
}

}  // namespace
}  // namespace virtsev::vmm::test
