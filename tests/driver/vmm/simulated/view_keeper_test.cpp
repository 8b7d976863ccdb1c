// SPDX-License-Identifier: LGPL-2.1-or-later
// The rule, with vCPUs that a test plays.
#include "driver/vmm/simulated/view_keeper.hpp"

#include <gtest/gtest.h>

#include "sevcore/base/error.hpp"
#include "tests/driver/vmm/fake_vcpu.hpp"
#include "tests/driver/vmm/simulated/page_tables.hpp"

namespace virtsev::vmm::test {
namespace {

using Kind = MemoryView::Kind;

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kRoot = 2 * kMiB;
constexpr std::uint64_t kOtherRoot = 3 * kMiB;
constexpr std::uint64_t kShared = 8 * kMiB;
constexpr std::uint64_t kFree = 9 * kMiB;
constexpr std::uint64_t kLongModeEnable = 0x100;

class ViewKeeperTest : public testing::Test {
 protected:
  ViewKeeperTest() { keeper_.take_vcpus({&vcpu_, &other_}); }

  Kind kind(std::uint64_t address) { return memory_.view().kind_at(GuestAddress(address)); }
  /// Into private memory, where tables are.
  void write(const PageTables& tables) {
    for (const auto& [address, table] : tables.all()) {
      Bytes bytes;
      for (const std::uint64_t entry : table) {
        append_le<std::uint64_t>(bytes, entry);
      }
      ASSERT_TRUE(memory_.private_memory().write(GuestAddress(address), bytes));
    }
  }
  /// Tables that share one page.
  void map(std::uint64_t root, std::uint64_t page) {
    PageTables tables;
    tables.map(root, 0x400000, page);
    write(tables);
  }
  std::string error_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  StrictMemory memory_{64 * kMiB, 39};
  FakeVcpu vcpu_;
  FakeVcpu other_;
  ViewKeeper keeper_{memory_, 2};
};

TEST_F(ViewKeeperTest, WithoutPagingAllThatIsNotSharedBecomesPrivate) {
  memory_.share(GuestAddress(kShared), kPageSize);
  keeper_.resolve_fault(vcpu_, 0);
  EXPECT_EQ(kind(kMiB), Kind::kPrivate);
  EXPECT_EQ(kind(kShared), Kind::kShared);
  EXPECT_EQ(kind(kShared + kPageSize), Kind::kPrivate);
  EXPECT_FALSE(vcpu_.stepping) << "no long mode ahead";
}

TEST_F(ViewKeeperTest, WithPagingTheTablesDecide) {
  map(kRoot, kShared);
  vcpu_.special = long_mode(kRoot);
  keeper_.resolve_fault(vcpu_, 0);
  EXPECT_EQ(kind(kRoot), Kind::kPrivate) << "its pointer has no C-bit";
  EXPECT_EQ(kind(kRoot + kPageSize), Kind::kNothing) << "its pointer has one";
  EXPECT_EQ(kind(kShared), Kind::kShared);
  EXPECT_EQ(kind(kFree), Kind::kNothing);
}

TEST_F(ViewKeeperTest, TheMomentThatPagingBeginsEndsWhatHadNone) {
  keeper_.resolve_fault(vcpu_, 0);
  ASSERT_EQ(kind(kFree), Kind::kPrivate);
  map(kRoot, kShared);
  ASSERT_TRUE(keeper_.write_efer(vcpu_, 0, kLongModeEnable));
  EXPECT_TRUE(keeper_.go_on_stepping(vcpu_, 0));
  EXPECT_TRUE(vcpu_.stepping);
  EXPECT_EQ(kind(kFree), Kind::kPrivate);

  vcpu_.special = long_mode(kRoot);
  EXPECT_TRUE(keeper_.go_on_stepping(vcpu_, 0));
  EXPECT_FALSE(vcpu_.stepping);
  EXPECT_EQ(kind(kFree), Kind::kNothing);
  EXPECT_EQ(kind(kRoot), Kind::kPrivate);
  EXPECT_EQ(kind(kShared), Kind::kShared);
  EXPECT_FALSE(keeper_.go_on_stepping(vcpu_, 0)) << "nobody asks for steps any more";
}

TEST_F(ViewKeeperTest, PagingThatIsSwitchedOffAndOnAgainIsSeenWithoutAWriteOfEfer) {
  vcpu_.special.efer = kLongModeEnable;
  keeper_.resolve_fault(vcpu_, 0);
  EXPECT_TRUE(vcpu_.stepping);
}

TEST_F(ViewKeeperTest, StepsEndWithLongModeOrAnInit) {
  ASSERT_TRUE(keeper_.write_efer(vcpu_, 0, kLongModeEnable));
  vcpu_.special.efer = 0;
  EXPECT_TRUE(keeper_.go_on_stepping(vcpu_, 0));
  EXPECT_FALSE(vcpu_.stepping);
  EXPECT_FALSE(keeper_.go_on_stepping(vcpu_, 0));
}

TEST_F(ViewKeeperTest, PagingWithoutLongModeIsSeenAtTheNextExit) {
  keeper_.resolve_fault(vcpu_, 0);
  vcpu_.special.cr0 = 0x80000011;
  keeper_.see_exit(vcpu_, 0);
  EXPECT_EQ(kind(kFree), Kind::kPrivate) << "without PAE there is no C-bit";
  vcpu_.special.cr4 = 1U << 5;
  vcpu_.special.cr3 = kRoot;
  keeper_.see_exit(vcpu_, 0);
  EXPECT_EQ(kind(kFree), Kind::kNothing);
  EXPECT_EQ(kind(kRoot), Kind::kPrivate);
}

TEST_F(ViewKeeperTest, WhatAGuestMayNotWriteToEferIsRefused) {
  EXPECT_FALSE(keeper_.write_efer(vcpu_, 0, 1U << 12)) << "SVME";
  EXPECT_FALSE(keeper_.write_efer(vcpu_, 0, 1ULL << 63));
  vcpu_.special = long_mode(kRoot);
  EXPECT_FALSE(keeper_.write_efer(vcpu_, 0, 0)) << "LME, with paging on";
  EXPECT_TRUE(keeper_.write_efer(vcpu_, 0, 0xd01));
  EXPECT_EQ(vcpu_.special.efer, 0xd01U);
  EXPECT_FALSE(keeper_.go_on_stepping(vcpu_, 0)) << "paging is on already";
  vcpu_.efer_is_refused = true;
  EXPECT_FALSE(keeper_.write_efer(vcpu_, 0, 0xd01));
}

TEST_F(ViewKeeperTest, TheTablesOfAllVcpusCountAsTheyAreNow) {
  map(kRoot, kShared);
  map(kOtherRoot, kFree);
  vcpu_.special = long_mode(kRoot);
  other_.special = long_mode(kOtherRoot);
  keeper_.resolve_fault(vcpu_, 0);
  EXPECT_EQ(kind(kRoot), Kind::kPrivate);
  EXPECT_EQ(kind(kOtherRoot), Kind::kPrivate);
  EXPECT_EQ(kind(kFree), Kind::kShared);
}

TEST_F(ViewKeeperTest, ATopTableThatIsFreedAndSharedByAnotherVcpuIsShared) {
  map(kRoot, kOtherRoot);  // shares what is the other's table
  map(kOtherRoot, kShared);
  vcpu_.special = long_mode(kRoot | kCBit);
  other_.special = long_mode(kOtherRoot);
  keeper_.resolve_fault(vcpu_, 0);
  ASSERT_EQ(kind(kOtherRoot), Kind::kPrivate) << "a walk is private, whoever shares the page";
  other_.special = long_mode(kRoot | kCBit);
  keeper_.resolve_fault(vcpu_, 0);
  EXPECT_EQ(kind(kOtherRoot), Kind::kShared);
}

TEST_F(ViewKeeperTest, AVcpuThatIsHeldOrHasNoPagingCountsForNothing) {
  map(kRoot, kShared);
  map(kOtherRoot, kFree);
  vcpu_.special = long_mode(kRoot);
  other_.special = long_mode(kOtherRoot);
  keeper_.set_held(1, true);
  keeper_.resolve_fault(vcpu_, 0);
  EXPECT_EQ(kind(kOtherRoot), Kind::kNothing);
  keeper_.set_held(1, false);
  other_.special = {};  // in real mode, below 1 MiB
  keeper_.resolve_fault(vcpu_, 0);
  EXPECT_EQ(kind(kOtherRoot), Kind::kNothing);
  EXPECT_EQ(kind(kFree), Kind::kNothing) << "what has no paging makes nothing private, but for itself";
}

TEST_F(ViewKeeperTest, BesideOneWithPagingAVcpuWithoutItRunsAlone) {
  map(kOtherRoot, kShared);
  other_.special = long_mode(kOtherRoot);
  keeper_.resolve_fault(vcpu_, 0);
  EXPECT_EQ(kind(kFree), Kind::kNothing) << "the other would take it for shared memory";
  Kind alone = Kind::kNothing;
  vcpu_.then([&](FakeVcpu&) {
    alone = kind(kFree);
    return 0;
  });
  EXPECT_EQ(keeper_.run_alone(vcpu_, 0, [] {}), std::optional(0));
  EXPECT_EQ(alone, Kind::kPrivate);
  EXPECT_EQ(kind(kFree), Kind::kNothing);
  EXPECT_EQ(kind(kShared), Kind::kShared);
  EXPECT_EQ(keeper_.run_alone(vcpu_, 0, [] {}), std::optional(EINTR))
      << "what it has left with is finished so";
  EXPECT_EQ(keeper_.run_alone(vcpu_, 0, [] {}), std::nullopt) << "once for each time that it finds nothing";
  EXPECT_EQ(keeper_.run_alone(other_, 1, [] {}), std::nullopt);
  EXPECT_EQ(keeper_.find_memory(vcpu_, 0, GuestAddress(kFree)), &memory_.private_memory());
}

TEST_F(ViewKeeperTest, AnInstructionThatBeganWithAllPrivateEndsSo) {
  keeper_.resolve_fault(vcpu_, 0);
  ASSERT_EQ(kind(kFree), Kind::kPrivate);
  map(kOtherRoot, kShared);
  other_.special = long_mode(kOtherRoot);
  keeper_.resolve_fault(other_, 1);  // while the first handles an exit
  ASSERT_EQ(kind(kFree), Kind::kNothing);
  Kind at_the_end = Kind::kNothing;
  vcpu_.on_immediate_exit = [&](FakeVcpu&) {
    at_the_end = kind(kFree);
    return EINTR;
  };
  keeper_.finish_instruction(vcpu_, 0);
  EXPECT_EQ(at_the_end, Kind::kPrivate);
  EXPECT_EQ(kind(kFree), Kind::kNothing);
}

TEST_F(ViewKeeperTest, AVcpuThatFindsNothingWhenItIsAloneIsEnded) {
  map(kOtherRoot, kShared);
  other_.special = long_mode(kOtherRoot);
  const std::string error = error_of([&] {
    for (unsigned i = 0; i <= ViewKeeper::kMostFruitless + 1; ++i) {
      vcpu_.then([](FakeVcpu&) { return EFAULT; });
      keeper_.resolve_fault(vcpu_, 0);
      EXPECT_EQ(keeper_.run_alone(vcpu_, 0, [] {}), std::optional(EFAULT));
    }
  });
  EXPECT_NE(error.find("vCPU 0"), std::string::npos) << error;
}

TEST_F(ViewKeeperTest, CodeThatAVcpuMapsWithoutCBitIsPrivateAsLongAsItIsThere) {
  PageTables tables;  // as those on which OVMF's other vCPUs wait for the kernel
  tables.map(kRoot, kShared, kShared);
  tables.map(kRoot, kFree, kFree);
  write(tables);
  map(kOtherRoot, kShared + kPageSize);
  vcpu_.special = long_mode(kOtherRoot | kCBit);
  other_.special = long_mode(kRoot);
  other_.rip = kFree + 16;
  keeper_.resolve_fault(other_, 1);
  EXPECT_EQ(kind(kFree), Kind::kPrivate) << "its code";
  EXPECT_EQ(kind(kShared), Kind::kShared) << "its stack";
  keeper_.resolve_fault(vcpu_, 0);
  EXPECT_EQ(kind(kFree), Kind::kPrivate) << "whoever has the tables looked at";
  other_.rip = kShared + kPageSize - 4;
  keeper_.resolve_fault(vcpu_, 0);
  EXPECT_EQ(kind(kFree), Kind::kShared);
  EXPECT_EQ(kind(kShared), Kind::kPrivate);
  EXPECT_EQ(kind(kShared + kPageSize), Kind::kShared) << "the other's, who executes elsewhere";
}

TEST_F(ViewKeeperTest, SharedStaysSharedUntilItIsATable) {
  map(kRoot, kShared);
  vcpu_.special = long_mode(kRoot);
  keeper_.resolve_fault(vcpu_, 0);
  map(kOtherRoot, kFree);
  vcpu_.special = long_mode(kOtherRoot);
  keeper_.resolve_fault(vcpu_, 0);
  EXPECT_EQ(kind(kShared), Kind::kShared) << "no table maps it now";
  map(kShared, kFree);
  vcpu_.special = long_mode(kShared);
  keeper_.resolve_fault(vcpu_, 0);
  EXPECT_EQ(kind(kShared), Kind::kPrivate);
}

TEST_F(ViewKeeperTest, KvmWritesTheClockAgainWhereMoreIsShared) {
  keeper_.resolve_fault(vcpu_, 0);
  EXPECT_EQ(vcpu_.pauses, 0);
  map(kRoot, kShared);
  vcpu_.special = long_mode(kRoot);
  keeper_.resolve_fault(vcpu_, 0);
  EXPECT_EQ(vcpu_.pauses, 1);
  EXPECT_EQ(other_.pauses, 1);
  keeper_.resolve_fault(vcpu_, 0);
  EXPECT_EQ(vcpu_.pauses, 1);
}

TEST_F(ViewKeeperTest, LooksThatChangeNothingEndAGuestThatCantGoOn) {
  map(kRoot, kShared);
  vcpu_.special = long_mode(kRoot);
  vcpu_.special.cr2 = 0x5555;
  vcpu_.rip = 0x401234;
  keeper_.resolve_fault(vcpu_, 0);
  for (unsigned i = 1; i < ViewKeeper::kMostFruitless; ++i) {
    EXPECT_EQ(error_of([&] { keeper_.resolve_fault(vcpu_, 0); }), "");
  }
  const std::string error = error_of([&] { keeper_.resolve_fault(vcpu_, 0); });
  for (const char* part : {"vCPU 0", "0x401234", "0x5555", "0x200000", "0x80000011"}) {
    EXPECT_NE(error.find(part), std::string::npos) << part << ": " << error;
  }
}

TEST_F(ViewKeeperTest, AVcpuThatGoesOnBetweenThemIsNotEnded) {
  map(kRoot, kShared);
  vcpu_.special = long_mode(kRoot);
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(error_of([&] { keeper_.resolve_fault(vcpu_, 0); }), "");
    keeper_.see_exit(vcpu_, 0);
  }
}

TEST_F(ViewKeeperTest, MemoryThatWeNeedIsLookedForInTheTables) {
  map(kRoot, kShared);
  vcpu_.special = long_mode(kRoot);
  EXPECT_EQ(keeper_.find_memory(vcpu_, 0, GuestAddress(kShared)), &memory_.shared_memory());
  EXPECT_EQ(keeper_.find_memory(vcpu_, 0, GuestAddress(kFree)), nullptr);
  EXPECT_EQ(keeper_.find_memory(vcpu_, 0, GuestAddress(kCBit | kFree)), &memory_.private_memory());
}

TEST_F(ViewKeeperTest, PageTablesThatShareTooManyPiecesEndTheGuestWithTheirReason) {
  StrictMemory memory(256 * kMiB, 39);
  ViewKeeper keeper(memory, 1);
  keeper.take_vcpus({&vcpu_});
  Bytes table;
  // Every second page of 4 KiB, in 2 MiB for each table.
  for (std::uint64_t page = 0; page < 2 * 2 * (PageRuns::kMost + 1); page += 2) {
    append_le<std::uint64_t>(table, (16 * kMiB + page * kPageSize) | kPresent);
  }
  const std::uint64_t tables = round_up(table.size(), kPageSize) / kPageSize;
  ASSERT_TRUE(memory.private_memory().write(GuestAddress(kRoot), table));
  PageTables upper;
  upper.entry(kOtherRoot, 0) = (kOtherRoot + kPageSize) | kCBit | kPresent;
  upper.entry(kOtherRoot + kPageSize, 0) = (kOtherRoot + 2 * kPageSize) | kCBit | kPresent;
  for (std::uint64_t i = 0; i < tables; ++i) {
    upper.entry(kOtherRoot + 2 * kPageSize, i) = (kRoot + i * kPageSize) | kCBit | kPresent;
  }
  for (const auto& [address, entries] : upper.all()) {
    Bytes bytes;
    for (const std::uint64_t entry : entries) {
      append_le<std::uint64_t>(bytes, entry);
    }
    ASSERT_TRUE(memory.private_memory().write(GuestAddress(address), bytes));
  }
  vcpu_.special = long_mode(kOtherRoot | kCBit);
  const std::string error = error_of([&] { keeper.resolve_fault(vcpu_, 0); });
  EXPECT_NE(error.find("8192 pieces"), std::string::npos) << error;
}

}  // namespace
}  // namespace virtsev::vmm::test
