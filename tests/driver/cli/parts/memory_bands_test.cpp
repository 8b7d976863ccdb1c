// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/explain/memory_bands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace virtsev::cli {

static void PrintTo(const Band& band, std::ostream* out) {
  *out << static_cast<int>(band.kind) << " " << std::hex << band.start << "-" << band.end;
}

namespace test {
namespace {

using testing::ElementsAre;

constexpr std::uint64_t kGiB = 1ULL << 30;

ExplainedStep region(const std::string& name, std::uint64_t address, std::uint64_t size) {
  return {name, "made", address, size, "normal", {}, {}};
}

auto band(BandKind kind, std::uint64_t start, std::uint64_t end) {
  return testing::AllOf(testing::Field(&Band::kind, kind), testing::Field(&Band::start, start),
                        testing::Field(&Band::end, end));
}

TEST(MemoryBands, FillWhatLiesBetweenRegionsUpToTheEndOfMemory) {
  PlanExplanation plan;
  plan.inputs.memory_bytes = 0x100000;
  plan.steps = {region("second", 0x8000, 0x1000), region("first", 0, 0x1000)};
  EXPECT_THAT(memory_bands(plan, nullptr),
              ElementsAre(band(BandKind::kRegion, 0, 0x1000), band(BandKind::kFree, 0x1000, 0x8000),
                          band(BandKind::kRegion, 0x8000, 0x9000), band(BandKind::kFree, 0x9000, 0x100000)));
}

TEST(MemoryBands, ShowTheHoleBelow4GiB) {
  PlanExplanation plan;
  plan.inputs.memory_bytes = 5 * kGiB;
  EXPECT_THAT(memory_bands(plan, nullptr),
              ElementsAre(band(BandKind::kFree, 0, 2 * kGiB), band(BandKind::kHole, 2 * kGiB, 4 * kGiB),
                          band(BandKind::kFree, 4 * kGiB, 7 * kGiB)));
}

TEST(MemoryBands, GiveASecretOutsideAllRegionsItsOwn) {
  PlanExplanation plan;
  plan.inputs.memory_bytes = 0x10000;
  plan.steps = {region("page", 0x1000, 0x1000)};
  plan.secret = {GuestAddress(0x1010), 0xff0};
  EXPECT_THAT(memory_bands(plan, nullptr),
              ElementsAre(band(BandKind::kFree, 0, 0x1000), band(BandKind::kRegion, 0x1000, 0x2000),
                          band(BandKind::kFree, 0x2000, 0x10000)));
  plan.secret = {GuestAddress(0x3000), 0xc00};
  EXPECT_THAT(memory_bands(plan, nullptr), testing::Contains(band(BandKind::kSecret, 0x3000, 0x3c00)));
}

TEST(MemoryBands, EndWithTheLastRegionWhereThePlanKnowsNoMemorySize) {
  PlanExplanation plan;
  plan.steps = {region("firmware", 4 * kGiB - 0x2000, 0x2000)};
  EXPECT_THAT(memory_bands(plan, nullptr), ElementsAre(band(BandKind::kFree, 0, 4 * kGiB - 0x2000),
                                                       band(BandKind::kRegion, 4 * kGiB - 0x2000, 4 * kGiB)));
}

TEST(MemoryBands, PlaceWhatOnlyTheOtherPlanHasEvenWhereItCanNotBe) {
  PlanExplanation plan;
  plan.inputs.memory_bytes = 0x10000;
  const ExplainedStep other = region("hostile", ~0ULL - 4, ~0ULL);
  const Difference difference{DifferenceKind::kOnlyThere, 0, nullptr, &other};
  EXPECT_THAT(memory_bands(plan, &difference), testing::Contains(band(BandKind::kMissing, ~0ULL - 4, ~0ULL)));
}

TEST(MemoryBands, LeaveOutVmsas) {
  PlanExplanation plan;
  plan.inputs.memory_bytes = 0x10000;
  plan.steps = {{"VMSA of vCPU 0", "made", std::nullopt, 4096, "vmsa", {}, {}}};
  EXPECT_THAT(memory_bands(plan, nullptr), ElementsAre(band(BandKind::kFree, 0, 0x10000)));
}

}  // namespace
}  // namespace test
}  // namespace virtsev::cli
