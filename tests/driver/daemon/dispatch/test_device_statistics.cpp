// SPDX-License-Identifier: LGPL-2.1-or-later
// Procedures about what a domain's disks and interfaces have moved.
#include "tests/driver/daemon/dispatch/service_fixture.hpp"

namespace virtsev::daemon::test {
namespace {

class DeviceStatistics : public TwoDomainsTest {};

TEST_F(DeviceStatistics, OfADiskAreWhatItHasMoved) {
  EXPECT_EQ(call(kDomainBlockStats, Arguments().domain(kAlpha).text("vda")).payload,
            Arguments().u64(1).u64(4096).u64(2).u64(8192).u64(4).bytes());
  EXPECT_EQ(driver_.calls.back(), "block_counts vda");
  EXPECT_EQ(call(kDomainGetBlockInfo, Arguments().domain(kBeta).text("vda").u32(0)).payload,
            Arguments().u64(512).u64(4096).u64(1024).bytes());
  EXPECT_EQ(call(kDomainBlockStats, Arguments().domain(kBeta).text("vda")).error, kOperationInvalid);
}

TEST_F(DeviceStatistics, OfADiskAreTypedParametersThatAreCountedFirst) {
  const auto ask = [&](std::int32_t count) {
    return call(kDomainBlockStatsFlags, Arguments().domain(kAlpha).text("vda").i32(count).u32(4)).payload;
  };
  EXPECT_EQ(ask(0), Arguments().u32(0).i32(9).bytes()) << "how many";
  const Bytes all = ask(9);
  xdr::Decoder in(all);
  const auto statistics = dispatch::get_typed_parameters(in, 16);
  ASSERT_EQ(statistics.size(), 9U);
  EXPECT_EQ(statistics[0].field, "rd_bytes");
  EXPECT_EQ(std::get<std::int64_t>(statistics[0].value), 4096);
  EXPECT_EQ(statistics[6].field, "flush_operations");
  EXPECT_EQ(in.get_int32(), 9);
  EXPECT_TRUE(in.at_end());
  EXPECT_EQ(call(kDomainBlockStatsFlags, Arguments().domain(kAlpha).text("vda").i32(17).u32(0)).error, kRpc);
}

TEST_F(DeviceStatistics, OfAnInterfaceAreWhatTheGuestReceivedAndSent) {
  EXPECT_EQ(call(kDomainInterfaceStats, Arguments().domain(kAlpha).text("vnet0")).payload,
            Arguments().u64(100).u64(2).u64(3).u64(4).u64(500).u64(6).u64(7).u64(8).bytes());
  EXPECT_EQ(driver_.calls.back(), "interface_counts vnet0");
}

}  // namespace
}  // namespace virtsev::daemon::test
