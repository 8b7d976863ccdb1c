// SPDX-License-Identifier: LGPL-2.1-or-later
// What a platform makes impossible, said before KVM would say it in numbers.
#include "driver/vmm/machine/platform.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sevcore/base/error.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint64_t kGiB = 1ULL << 30;

TEST(Platform, MemoryMayReachUpToTheCBit) {
  EXPECT_NO_THROW(check_memory_below_c_bit(64ULL << 20, 39));
  EXPECT_NO_THROW(check_memory_below_c_bit(511 * kGiB, 39)) << "1 GiB lies in the hole below 4 GiB";
  EXPECT_NO_THROW(check_memory_below_c_bit(1024 * kGiB, 47));
}

TEST(Platform, MemoryBeyondTheCBitIsRefusedWithWhatIsLeft) {
  try {
    check_memory_below_c_bit(511 * kGiB + kPageSize, 39);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kConfigUnsupported);
    EXPECT_THAT(error.what(), testing::HasSubstr("<memory>"));
    EXPECT_THAT(error.what(), testing::HasSubstr("at most 511 GiB"));
  }
}

}  // namespace
}  // namespace virtsev::vmm::test
