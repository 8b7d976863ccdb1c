// SPDX-License-Identifier: LGPL-2.1-or-later
// Requests of SEV-ES guests through the GHCB, and hostile ones.
#include "driver/vmm/simulated/ghcb.hpp"

#include <gtest/gtest.h>

namespace virtsev::vmm::test {
namespace {

constexpr std::uint32_t kCBit = 39;
constexpr GuestAddress kPage{0x5000};

class GhcbTest : public testing::Test {
 protected:
  GhcbAnswer serve(std::uint64_t value) { return serve_ghcb(value, kCBit, memory_, cpuid_); }

  void put(std::uint32_t field, std::uint64_t value) {
    put_le<std::uint64_t>(ram_, kPage.value() + field, value);
    const std::uint32_t bit = field / 8;
    ram_[kPage.value() + 0x3f0 + bit / 8] |= static_cast<std::uint8_t>(1U << bit % 8);
  }
  std::uint64_t get(std::uint32_t field) { return get_le<std::uint64_t>(ram_, kPage.value() + field); }
  bool valid(std::uint32_t field) {
    const std::uint32_t bit = field / 8;
    return (ram_[kPage.value() + 0x3f0 + bit / 8] >> bit % 8 & 1) != 0;
  }

  Bytes ram_ = Bytes(0x10000);
  GuestMemory memory_{{{GuestAddress(0), ram_.size(), ram_.data()}}};
  CpuidEntries cpuid_;
};

TEST_F(GhcbTest, SevInfoNamesVersionsAndTheCBit) {
  const GhcbAnswer answer = serve(0x002);
  ASSERT_TRUE(answer.register_value);
  EXPECT_EQ(*answer.register_value, 2ULL << 48 | 1ULL << 32 | 39ULL << 24 | 1);
}

TEST_F(GhcbTest, ACpuidRequestIsAnsweredFromTheVcpusLeaves) {
  kvm_cpuid_entry2 entry{};
  entry.function = 0x8000001f;
  entry.ebx = 0x67;
  cpuid_.push_back(entry);
  const GhcbAnswer answer = serve(0x8000001fULL << 32 | 1ULL << 30 | 0x004);
  EXPECT_EQ(answer.register_value, 0x67ULL << 32 | 1ULL << 30 | 0x005);
}

TEST_F(GhcbTest, AnUnknownCpuidLeafIsZeros) {
  EXPECT_EQ(serve(0x12345678ULL << 32 | 0x004).register_value, 0x005ULL);
}

TEST_F(GhcbTest, ThereIsNoJumpTable) {
  put(0x390, 0x80000005);
  put(0x398, 1);
  put(0x3a0, 0x1234);
  const GhcbAnswer answer = serve(kPage.value());
  EXPECT_FALSE(answer.register_value || answer.hold || answer.terminated);
  EXPECT_EQ(get(0x398), 0U);
  EXPECT_EQ(get(0x3a0), 0U);
  EXPECT_TRUE(valid(0x398) && valid(0x3a0));
  EXPECT_FALSE(valid(0x390));
}

TEST_F(GhcbTest, AVcpuThatAsksForItIsHeldUntilItIsStartedAgain) {
  put(0x390, 0x80000004);
  EXPECT_TRUE(serve(kPage.value()).hold);
  EXPECT_FALSE(valid(0x3a0));
  EXPECT_EQ(end_ghcb_hold(kPage.value(), memory_), kPage.value());
  EXPECT_EQ(get(0x3a0), 1U);
  EXPECT_TRUE(valid(0x3a0));
  EXPECT_TRUE(serve(0x006).hold);
  EXPECT_EQ(end_ghcb_hold(0x006, memory_), 1ULL << 12 | 0x007);
}

TEST_F(GhcbTest, AnUnknownExitIsRefusedInThePage) {
  put(0x390, 0x7b);
  const GhcbAnswer answer = serve(kPage.value());
  EXPECT_FALSE(answer.terminated);
  EXPECT_EQ(get(0x398), 2U);
  EXPECT_EQ(get(0x3a0), 6U);
}

TEST_F(GhcbTest, APageWithoutAnExitCodeIsRefusedInThePage) {
  serve(kPage.value());
  EXPECT_EQ(get(0x398), 2U);
  EXPECT_EQ(get(0x3a0), 4U);
}

TEST_F(GhcbTest, APageOutsideMemoryHarmsNobody) {
  for (const std::uint64_t page : {0x10000ULL, 0xf000ULL + 0x1000, 0xfffffffffffff000ULL}) {
    const GhcbAnswer answer = serve(page);
    EXPECT_FALSE(answer.terminated);
  }
}

TEST_F(GhcbTest, TerminationTellsItsReason) {
  const GhcbAnswer answer = serve(0x100 | 1ULL << 12 | 2ULL << 16);
  ASSERT_TRUE(answer.terminated);
  EXPECT_NE(answer.terminated->find("reason set 1, reason 2"), std::string::npos);
}

TEST_F(GhcbTest, ARequestThatNoVersionHasEndsTheGuest) { EXPECT_TRUE(serve(0xabc).terminated); }

}  // namespace
}  // namespace virtsev::vmm::test
