// SPDX-License-Identifier: LGPL-2.1-or-later
// The one reading of a plan: what is measured, in which order, of every type of page and kind of protection.
#include "sevcore/launch/plan_steps.hpp"

#include <gtest/gtest.h>

#include "sevcore/base/error.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "sevcore/launch/launch_digest.hpp"

namespace virtsev::sevcore {
namespace {

constexpr PageType kRegionTypes[] = {PageType::kNormal, PageType::kZero, PageType::kUnmeasured,
                                     PageType::kSecrets, PageType::kCpuid};

Region region(std::uint8_t first, PageType type = PageType::kNormal) {
  return {GuestAddress(0x1000), kPageSize, type, "region", "/a/file", Bytes{first}};
}

LaunchPlan plan_of_every_type(Protection protection) {
  LaunchPlan plan;
  plan.protection = std::move(protection);
  for (const PageType type : kRegionTypes) {
    plan.regions.push_back(region(static_cast<std::uint8_t>(type), type));
  }
  plan.vcpus.resize(2);
  plan.vcpus[1].rip = 5;
  return plan;
}

Bytes sha256(const Bytes& bytes) {
  const auto digest = crypto::sha256(bytes);
  return {digest.begin(), digest.end()};
}

TEST(PlanSteps, AreTheRegionsInTheirOrderThenTheVmsasWhereRegistersAreEncrypted) {
  for (const Protection& protection :
       {Protection(Unprotected{}), Protection(Sev{}), Protection(SevEs{}), Protection(Snp{})}) {
    const LaunchPlan plan = plan_of_every_type(protection);
    const auto steps = steps_of(plan);
    const std::size_t vmsas = encrypts_state(protection) ? 2 : 0;
    ASSERT_EQ(steps.size(), std::size(kRegionTypes) + vmsas) << name_of(protection);
    for (std::size_t i = 0; i < std::size(kRegionTypes); ++i) {
      EXPECT_EQ(steps[i].type, kRegionTypes[i]);
      EXPECT_EQ(steps[i].address, GuestAddress(0x1000));
    }
    if (vmsas != 0) {
      EXPECT_EQ(steps.back().name, "VMSA of vCPU 1");
      EXPECT_FALSE(steps.back().address.has_value());
    }
  }
}

TEST(PlanSteps, SevMeasuresRegionsOfEveryTypeButUnmeasured) {
  for (const Protection& protection : {Protection(Sev{}), Protection(SevEs{})}) {
    for (const PlanStep& step : steps_of(plan_of_every_type(protection))) {
      EXPECT_EQ(step.measured, step.type != PageType::kUnmeasured) << step.name;
    }
  }
}

TEST(PlanSteps, NothingOfAnOrdinaryGuestIsMeasured) {
  const LaunchPlan plan = plan_of_every_type(Unprotected{});
  for (const PlanStep& step : steps_of(plan)) {
    EXPECT_FALSE(step.measured);
  }
  EXPECT_EQ(measured_bytes(plan), 0U);
}

TEST(PlanSteps, SnpMeasuresThatAPageIsThereWhateverItsType) {
  for (const PlanStep& step : steps_of(plan_of_every_type(Snp{}))) {
    EXPECT_TRUE(step.measured);
  }
}

TEST(PlanSteps, ARegionThatIsAVmsaIsRefused) {
  LaunchPlan plan;
  plan.protection = SevEs{};
  plan.regions = {region(1, PageType::kVmsa)};
  EXPECT_THROW(steps_of(plan), Error);
}

TEST(PlanSteps, MeasuredBytesCountPaddingAndNoVmsas) {
  EXPECT_EQ(measured_bytes(plan_of_every_type(SevEs{})), 4 * kPageSize);
}

TEST(LaunchDigest, CoversMeasuredRegionsInTheirOrder) {
  LaunchPlan plan;
  plan.protection = Sev{};
  plan.regions = {region(1), region(2, PageType::kUnmeasured), region(3)};
  Bytes measured(2 * kPageSize);
  measured[0] = 1;
  measured[kPageSize] = 3;
  EXPECT_EQ(launch_digest(plan), sha256(measured));
  std::swap(plan.regions[0], plan.regions[2]);
  EXPECT_NE(launch_digest(plan), sha256(measured));
}

TEST(LaunchDigest, CoversEveryVmsaUnderSevEsOnly) {
  LaunchPlan plan;
  plan.protection = Sev{};
  plan.regions = {region(1)};
  plan.vcpus.resize(2);
  plan.vcpus[1].rip = 5;
  Bytes measured(kPageSize);
  measured[0] = 1;
  EXPECT_EQ(launch_digest(plan), sha256(measured));
  plan.protection = SevEs{{}, {}, VmsaFlavour::kLegacy};
  for (const VcpuState& vcpu : plan.vcpus) {
    const auto page = vmsa_page(vcpu, VmsaFlavour::kLegacy);
    measured.insert(measured.end(), page.begin(), page.end());
  }
  EXPECT_EQ(launch_digest(plan), sha256(measured));
}

TEST(LaunchDigest, GivesEachStepToWhoeverLooksAtItToo) {
  const LaunchPlan plan = plan_of_every_type(SevEs{});
  RunningDigest digest(plan.protection);
  std::size_t seen = 0;
  for (const PlanStep& step : steps_of(plan)) {
    digest.add(step, [&seen](ByteView piece) { seen += piece.size(); });
  }
  EXPECT_EQ(seen, 7 * kPageSize) << "unmeasured ones, too";
  EXPECT_EQ(digest.value(), launch_digest(plan));
}

}  // namespace
}  // namespace virtsev::sevcore
