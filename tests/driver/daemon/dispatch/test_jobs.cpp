// SPDX-License-Identifier: LGPL-2.1-or-later
// Procedures about what takes long of a domain.
#include <map>

#include <libvirt/libvirt.h>

#include "tests/driver/daemon/dispatch/service_fixture.hpp"

namespace virtsev::daemon::test {
namespace {

class DomainJobs : public TwoDomainsTest {};

TEST_F(DomainJobs, TellHowFarTheyAreAndEnd) {
  constexpr std::uint64_t kGiB = 1ULL << 30;
  driver_.under_way = JobInfo{VIR_DOMAIN_JOB_OPERATION_START, 1500, 8 * kGiB, 3 * kGiB};
  Arguments info = Arguments().i32(VIR_DOMAIN_JOB_BOUNDED).u64(1500).u64(0);
  for (int i = 0; i < 2; ++i) {
    info.u64(8 * kGiB).u64(3 * kGiB).u64(5 * kGiB);
  }
  EXPECT_EQ(call(kDomainGetJobInfo, Arguments().domain(kAlpha)).payload, info.u64(0).u64(0).u64(0).bytes());

  const Bytes stats = call(kDomainGetJobStats, Arguments().domain(kAlpha).u32(0)).payload;
  xdr::Decoder in(stats);
  EXPECT_EQ(in.get_int32(), VIR_DOMAIN_JOB_BOUNDED);
  std::map<std::string, std::uint64_t> numbers;
  for (const TypedParameter& parameter : dispatch::get_typed_parameters(in, 64)) {
    if (const auto* number = std::get_if<std::uint64_t>(&parameter.value)) {
      numbers[parameter.field] = *number;
    } else {
      EXPECT_EQ(parameter.field, VIR_DOMAIN_JOB_OPERATION);
      EXPECT_EQ(std::get<std::int32_t>(parameter.value), VIR_DOMAIN_JOB_OPERATION_START);
    }
  }
  EXPECT_EQ(numbers[VIR_DOMAIN_JOB_TIME_ELAPSED], 1500U);
  EXPECT_EQ(numbers[VIR_DOMAIN_JOB_DATA_TOTAL], 8 * kGiB);
  EXPECT_EQ(numbers[VIR_DOMAIN_JOB_DATA_PROCESSED], 3 * kGiB);
  EXPECT_EQ(numbers[VIR_DOMAIN_JOB_DATA_REMAINING], 5 * kGiB);
  EXPECT_FALSE(call(kDomainAbortJob, Arguments().domain(kAlpha)).error);
  EXPECT_EQ(driver_.calls.back(), "abort_job");
}

TEST_F(DomainJobs, ThatAreNoneAreToldAsNone) {
  const Bytes no_stats = Arguments().i32(VIR_DOMAIN_JOB_NONE).u32(0).bytes();
  EXPECT_EQ(call(kDomainGetJobStats, Arguments().domain(kAlpha).u32(0)).payload, no_stats);
  EXPECT_EQ(call(kDomainGetJobStats, Arguments().domain(kBeta).u32(VIR_DOMAIN_JOB_STATS_COMPLETED)).payload,
            no_stats);
  EXPECT_EQ(call(kDomainGetJobStats, Arguments().domain(kBeta).u32(0)).error, kOperationInvalid);
  EXPECT_EQ(call(kDomainGetJobStats, Arguments().domain(kAlpha).u32(4)).error, kInvalidArgument);

  Arguments none = Arguments().i32(0);
  for (int i = 0; i < 11; ++i) {
    none.u64(0);
  }
  EXPECT_EQ(call(kDomainGetJobInfo, Arguments().domain(kAlpha)).payload, none.bytes());
  EXPECT_EQ(call(kDomainAbortJob, Arguments().domain(kAlpha)).error, kOperationInvalid);
  EXPECT_EQ(call(kDomainGetJobInfo, Arguments().domain(kBeta)).error, kOperationInvalid);
}

}  // namespace
}  // namespace virtsev::daemon::test
