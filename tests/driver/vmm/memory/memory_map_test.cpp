// SPDX-License-Identifier: LGPL-2.1-or-later
// Nothing lies where something else does, and KVM is told of what has memory behind it.
#include "driver/vmm/memory/memory_map.hpp"

#include <map>

#include <gtest/gtest.h>

#include "driver/vmm/memory/machine_memory.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::vmm::test {
namespace {

using Kind = MemoryMap::Kind;
using Refusal = MemoryMap::Refusal;

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kGiB = 1ULL << 30;

class MemoryMapTest : public testing::Test {
 protected:
  MemoryMap::Range range(const char* name, Kind kind, std::uint64_t start, std::uint64_t size) {
    return {name, kind, GuestAddress(start), size, kind == Kind::kWindow ? nullptr : &host_};
  }
  Refusal refusal_of(const MemoryMap::Range& refused) {
    const std::size_t before = slots_.size();
    const auto added = map_.add(refused);
    EXPECT_FALSE(added.has_value()) << refused.name;
    EXPECT_EQ(slots_.size(), before) << "KVM was told of it";
    return added.has_value() ? Refusal{} : added.error();
  }

  char host_ = 0;
  std::map<std::uint32_t, MemoryMap::Range> slots_;  // As KVM has them
  MemoryMap map_{[this](std::uint32_t slot, const MemoryMap::Range& range) {
    if (range.size == 0) {
      EXPECT_EQ(slots_.erase(slot), 1U);
    } else {
      EXPECT_TRUE(slots_.emplace(slot, range).second) << "slot " << slot << " was not empty";
    }
  }};
};

TEST_F(MemoryMapTest, TellsKvmOfRamAndRomAndNotOfWindows) {
  EXPECT_TRUE(map_.add(range("RAM", Kind::kRam, 0, kMiB)));
  EXPECT_TRUE(map_.add(range("firmware", Kind::kRom, 2 * kMiB, kMiB)));
  EXPECT_TRUE(map_.add(range("MMIO", Kind::kWindow, 3 * kMiB, kMiB)));
  ASSERT_EQ(slots_.size(), 2U);
  EXPECT_EQ(slots_[0].name, "RAM");
  EXPECT_EQ(slots_[1].kind, Kind::kRom);
  ASSERT_EQ(map_.all(Kind::kWindow).size(), 1U);
  EXPECT_EQ(map_.all(Kind::kWindow)[0].name, "MMIO");
}

TEST_F(MemoryMapTest, FindsByNameAndByAddress) {
  EXPECT_TRUE(map_.add(range("RAM", Kind::kRam, 0, kMiB)));
  EXPECT_TRUE(map_.add(range("MMIO", Kind::kWindow, 3 * kMiB, kMiB)));
  EXPECT_EQ(map_.find("MMIO")->start, GuestAddress(3 * kMiB));
  EXPECT_EQ(map_.find("ROM"), nullptr);
  EXPECT_EQ(map_.at(GuestAddress(kMiB - 1))->name, "RAM");
  EXPECT_EQ(map_.at(GuestAddress(kMiB)), nullptr);
  EXPECT_EQ(map_.at(GuestAddress(~0ULL)), nullptr);
}

TEST_F(MemoryMapTest, RefusesOverlapsOfAllKinds) {
  EXPECT_TRUE(map_.add(range("RAM", Kind::kRam, kMiB, kMiB)));
  for (const Kind kind : {Kind::kRam, Kind::kRom, Kind::kWindow}) {
    EXPECT_EQ(refusal_of(range("first page", kind, kMiB, 4096)), Refusal::kOverlap);
    EXPECT_EQ(refusal_of(range("last page", kind, 2 * kMiB - 4096, 4096)), Refusal::kOverlap);
    EXPECT_EQ(refusal_of(range("around", kind, 0, kGiB)), Refusal::kOverlap);
  }
  EXPECT_TRUE(map_.add(range("before", Kind::kWindow, 0, kMiB)));
  EXPECT_TRUE(map_.add(range("behind", Kind::kWindow, 2 * kMiB, kMiB)));
}

TEST_F(MemoryMapTest, RefusesWhatIsNoRange) {
  EXPECT_EQ(refusal_of(range("empty", Kind::kRam, 0, 0)), Refusal::kMalformed);
  EXPECT_EQ(refusal_of(range("half a page", Kind::kRam, 0, 2048)), Refusal::kMalformed);
  EXPECT_EQ(refusal_of(range("within a page", Kind::kRam, 2048, 4096)), Refusal::kMalformed);
  EXPECT_EQ(refusal_of(range("wrapping", Kind::kRam, 0x1000, ~0xfffULL)), Refusal::kMalformed);
}

TEST_F(MemoryMapTest, RefusesANameThatIsTaken) {
  EXPECT_TRUE(map_.add(range("RAM", Kind::kRam, 0, kMiB)));
  EXPECT_EQ(refusal_of(range("RAM", Kind::kRam, kMiB, kMiB)), Refusal::kNameTaken);
}

TEST_F(MemoryMapTest, NamesWhatTheMachineCantHave) {
  try {
    map_.add_or_throw(range("broken RAM", Kind::kRam, 0, 1));
    FAIL() << "it was not refused";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("broken RAM"), std::string::npos) << error.what();
  }
}

TEST_F(MemoryMapTest, ExchangesTheMemoryBehindARange) {
  char other = 0;
  EXPECT_TRUE(map_.add(range("RAM", Kind::kRam, 0, kMiB)));
  EXPECT_TRUE(map_.add(range("MMIO", Kind::kWindow, kMiB, kMiB)));
  EXPECT_TRUE(map_.exchange("RAM", &other));
  ASSERT_EQ(slots_.size(), 1U);
  EXPECT_EQ(slots_[0].host, &other);
  EXPECT_FALSE(map_.exchange("MMIO", &other));
  EXPECT_FALSE(map_.exchange("ROM", &other));
}

TEST_F(MemoryMapTest, UsesTheSlotOfARangeThatWasRemovedAgain) {
  EXPECT_TRUE(map_.add(range("one", Kind::kRam, 0, kMiB)));
  EXPECT_TRUE(map_.add(range("two", Kind::kRam, kMiB, kMiB)));
  EXPECT_TRUE(map_.remove("one"));
  EXPECT_FALSE(map_.remove("one"));
  EXPECT_EQ(slots_.size(), 1U);
  EXPECT_TRUE(map_.add(range("three", Kind::kRam, 0, kMiB)));
  EXPECT_EQ(slots_[0].name, "three");
}

TEST_F(MemoryMapTest, ARangeThatKvmRefusesIsNotThere) {
  MemoryMap map([](std::uint32_t, const MemoryMap::Range&) { throw Error(ErrorCode::kInternal, "refused"); });
  EXPECT_THROW((void)map.add(range("RAM", Kind::kRam, 0, kMiB)), Error);
  EXPECT_EQ(map.find("RAM"), nullptr);
}

TEST_F(MemoryMapTest, AMachinesRamAndDeviceWindowsDoNotOverlap) {
  for (const std::uint64_t size : {128 * kMiB, 3 * kGiB, 4 * kGiB, 64 * kGiB, 1024 * kGiB}) {
    MemoryMap map([](std::uint32_t, const MemoryMap::Range&) {});
    const HostMemory host = HostMemory::reserved(size);
    for (const GuestMemory::Range& ram : lay_out(size, host.data())) {
      map.add_or_throw({ram.name, Kind::kRam, ram.start, ram.size, nullptr});
    }
    for (const MemoryMap::Range& window : device_windows(size)) {
      EXPECT_TRUE(map.add(window)) << window.name << " with " << size / kGiB << " GiB";
    }
    // Where KVM answers itself
    EXPECT_EQ(map.at(GuestAddress(0xfec00000)), nullptr);
    EXPECT_EQ(map.at(GuestAddress(0xfee00000)), nullptr);
  }
}

}  // namespace
}  // namespace virtsev::vmm::test
