// SPDX-License-Identifier: LGPL-2.1-or-later
// What lies where a guest sees no C-bit, looked at through the mappings themselves.
#include "driver/vmm/simulated/memory_view.hpp"

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "tests/driver/vmm/memory/readable.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint64_t kSize = 64 * kPageSize;
/// Where the second range begins, and at which offset of the memories it lies.
constexpr std::uint64_t kHigh = 1ULL << 32;
constexpr std::uint64_t kLowSize = 32 * kPageSize;

using Kind = MemoryView::Kind;

class MemoryViewTest : public testing::Test {
 protected:
  static PageRuns pages(std::initializer_list<PageRuns::Run> runs) {
    PageRuns set;
    for (const PageRuns::Run& run : runs) {
      EXPECT_TRUE(set.add(run));
    }
    return set;
  }
  /// How many mappings the place consists of.
  std::size_t mappings() {
    std::ifstream maps("/proc/self/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(maps, line);) {
      const std::uint64_t start = std::stoull(line, nullptr, 16);
      const auto begin = reinterpret_cast<std::uintptr_t>(place_.data());
      count += start >= begin && start < begin + kSize ? 1 : 0;
    }
    return count;
  }

  HostMemory private_ = HostMemory::shareable("private", kSize);
  HostMemory shared_ = HostMemory::shareable("shared", kSize);
  HostMemory place_ = HostMemory::reserved(kSize);
  MemoryView view_{{{GuestAddress(0), kLowSize, place_.data()},
                    {GuestAddress(kHigh), kSize - kLowSize, place_.data() + kLowSize}},
                   place_,
                   private_,
                   shared_};
};

TEST_F(MemoryViewTest, IsNothingAtFirst) {
  EXPECT_EQ(view_.kind_at(GuestAddress(0)), Kind::kNothing);
  EXPECT_FALSE(is_readable(place_.data()));
}

TEST_F(MemoryViewTest, ShowsEachMemoryWhereItIsSetAndNothingElsewhere) {
  private_.data()[kPageSize] = 1;
  shared_.data()[2 * kPageSize] = 2;
  const auto change = view_.set(pages({{kPageSize, 2 * kPageSize}}), pages({{2 * kPageSize, 3 * kPageSize}}));
  EXPECT_TRUE(change.any && change.more_shared);
  EXPECT_EQ(place_.data()[kPageSize], 1);
  EXPECT_EQ(place_.data()[2 * kPageSize], 2);
  place_.data()[2 * kPageSize + 1] = 3;
  EXPECT_EQ(shared_.data()[2 * kPageSize + 1], 3);
  EXPECT_EQ(private_.data()[2 * kPageSize + 1], 0);
  EXPECT_EQ(view_.kind_at(GuestAddress(2 * kPageSize - 1)), Kind::kPrivate);
  EXPECT_EQ(view_.kind_at(GuestAddress(2 * kPageSize)), Kind::kShared);
  EXPECT_EQ(view_.kind_at(GuestAddress(3 * kPageSize)), Kind::kNothing);
}

TEST_F(MemoryViewTest, APageChangesItsKindAndBack) {
  shared_.data()[kPageSize] = 2;
  private_.data()[kPageSize] = 1;
  const PageRuns page = pages({{kPageSize, 2 * kPageSize}});
  view_.set({}, page);
  EXPECT_EQ(place_.data()[kPageSize], 2);
  auto change = view_.set(page, {});
  EXPECT_TRUE(change.any);
  EXPECT_FALSE(change.more_shared);
  EXPECT_EQ(place_.data()[kPageSize], 1);
  change = view_.set({}, {});
  EXPECT_TRUE(change.any);
  EXPECT_EQ(view_.kind_at(GuestAddress(kPageSize)), Kind::kNothing);
  EXPECT_FALSE(is_readable(place_.data() + kPageSize));
  EXPECT_FALSE(view_.set({}, {}).any);
}

TEST_F(MemoryViewTest, ASecondRangeFollowsTheFirstInTheFiles) {
  shared_.data()[kLowSize + 5] = 7;
  view_.set({}, pages({{kHigh, kHigh + kPageSize}}));
  EXPECT_EQ(place_.data()[kLowSize + 5], 7);
  EXPECT_EQ(view_.kind_at(GuestAddress(kHigh)), Kind::kShared);
  EXPECT_EQ(view_.kind_at(GuestAddress(kLowSize)), Kind::kNothing) << "that address has no memory";
}

TEST_F(MemoryViewTest, TakesAMappingForEachRunAndNotForEachPage) {
  view_.set(view_.everything(), {});
  EXPECT_LE(mappings(), 2U);
  view_.set(PageRuns::subtract(view_.everything(), pages({{4 * kPageSize, 6 * kPageSize}})),
            pages({{4 * kPageSize, 6 * kPageSize}}));
  EXPECT_LE(mappings(), 4U);
  view_.set(view_.everything(), {});
  EXPECT_LE(mappings(), 2U) << "and they grow together again";
}

}  // namespace
}  // namespace virtsev::vmm::test
