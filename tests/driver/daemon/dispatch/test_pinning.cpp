// SPDX-License-Identifier: LGPL-2.1-or-later
// Procedures about the host's CPUs that a domain's threads may run on.
#include "tests/driver/daemon/dispatch/service_fixture.hpp"

namespace virtsev::daemon::test {
namespace {

class Pinning : public TwoDomainsTest {};

TEST_F(Pinning, IsToldOfVcpusAndOfTheMonitor) {
  driver_.placement.vcpus[1] = {1, 8};
  driver_.placement.emulator = {2};
  EXPECT_EQ(call(kDomainGetVcpuPinInfo, Arguments().domain(kAlpha).i32(2).i32(2).u32(2)).payload,
            Arguments().u32(4).u32(0x0f000201).i32(2).bytes());
  EXPECT_EQ(call(kDomainGetEmulatorPinInfo, Arguments().domain(kAlpha).i32(1).u32(1)).payload,
            Arguments().u32(1).u32(0x04000000).i32(1).bytes());
  EXPECT_EQ(call(kDomainGetEmulatorPinInfo, Arguments().domain(kAlpha).i32(2049).u32(0)).error, kRpc);
  EXPECT_EQ(call(kDomainGetEmulatorPinInfo, Arguments().domain(kAlpha).i32(1).u32(4)).error,
            kInvalidArgument);
}

TEST_F(Pinning, IsAskedForByThreeCalls) {
  driver_.calls.clear();
  call(kDomainPinVcpu, Arguments().domain(kBeta).u32(1).u32(2).u32(0x05010000));
  call(kDomainPinVcpuFlags, Arguments().domain(kBeta).u32(0).u32(1).u32(0x02000000).u32(2));
  call(kDomainPinEmulator, Arguments().domain(kBeta).u32(1).u32(0x01000000).u32(3));
  EXPECT_EQ(driver_.calls, (std::vector<std::string>{"pin_vcpu beta 1 0,2,8 1", "pin_vcpu beta 0 1 2",
                                                     "pin_emulator beta 0 3"}));
  EXPECT_EQ(call(kDomainPinVcpuFlags, Arguments().domain(kBeta).u32(0).u32(1).u32(0x02000000).u32(4)).error,
            kInvalidArgument);
  EXPECT_EQ(call(kDomainPinVcpuFlags, Arguments().domain(kBeta).u32(0).u32(2049)).error, kRpc);
}

TEST_F(Pinning, WithoutOneVcpusMayRunAnywhereActiveOrNot) {
  for (const Uuid& domain : {kAlpha, kBeta}) {
    EXPECT_EQ(call(kDomainGetVcpuPinInfo, Arguments().domain(domain).i32(2).i32(1).u32(0)).payload,
              Arguments().u32(2).u32(0x0f0f0000).i32(2).bytes());
  }
  EXPECT_EQ(call(kDomainGetVcpuPinInfo, Arguments().domain(kAlpha).i32(1).i32(1).u32(0)).payload,
            Arguments().u32(1).u32(0x0f000000).i32(1).bytes());
  EXPECT_EQ(call(kDomainGetVcpuPinInfo, Arguments().domain(kAlpha).i32(-1).i32(1).u32(0)).error, kRpc);
  EXPECT_EQ(call(kDomainGetVcpuPinInfo, Arguments().domain(kAlpha).i32(16384).i32(8388608).u32(0)).error,
            kRpc);
  EXPECT_EQ(call(kDomainGetVcpuPinInfo, Arguments().domain(kAlpha).i32(1).i32(1).u32(4)).error,
            kInvalidArgument);
}

}  // namespace
}  // namespace virtsev::daemon::test
