// SPDX-License-Identifier: LGPL-2.1-or-later
// Procedures that the agent in a guest answers: their arguments and replies, as remote_protocol.x has them.
#include "tests/driver/daemon/dispatch/service_fixture.hpp"

namespace virtsev::daemon::test {
namespace {

class Agent : public TwoDomainsTest {
 protected:
  void SetUp() override {
    TwoDomainsTest::SetUp();
    driver_.calls.clear();
  }
};

TEST_F(Agent, IsAskedForNameAndTime) {
  EXPECT_EQ(call(kDomainGetHostname, Arguments().domain(kAlpha).u32(2)).payload,
            Arguments().text("inside.example").bytes());
  EXPECT_EQ(call(kDomainGetTime, Arguments().domain(kAlpha).u32(0)).payload,
            Arguments().u64(1'790'000'000).u32(5).bytes());
  EXPECT_FALSE(call(kDomainSetTime, Arguments().domain(kAlpha).u64(7).u32(8).u32(1)).error);
  EXPECT_EQ(driver_.calls, (std::vector<std::string>{"guest_hostname alpha 2", "guest_time alpha",
                                                     "set_guest_time alpha 7 8 1"}));
  EXPECT_EQ(call(kDomainGetHostname, Arguments().domain(kAlpha).u32(4)).error, kInvalidArgument);
  EXPECT_EQ(call(kDomainSetTime, Arguments().domain(kAlpha).u64(7).u32(8).u32(2)).error, kInvalidArgument);
}

TEST_F(Agent, StopsAndTrimsFileSystems) {
  EXPECT_EQ(call(kDomainFSFreeze, Arguments().domain(kAlpha).u32(2).text("/").text("/srv").u32(0)).payload,
            Arguments().i32(3).bytes());
  EXPECT_EQ(call(kDomainFSThaw, Arguments().domain(kAlpha).u32(0).u32(0)).payload,
            Arguments().i32(2).bytes());
  EXPECT_FALSE(call(kDomainFSTrim, Arguments().domain(kAlpha).u32(0).u64(4096).u32(0)).error);
  EXPECT_EQ(driver_.calls,
            (std::vector<std::string>{"freeze alpha /,/srv", "thaw alpha ", "trim alpha - 4096"}));
  EXPECT_EQ(call(kDomainFSFreeze, Arguments().domain(kAlpha).u32(257).u32(0)).error, kRpc);
  EXPECT_EQ(call(kDomainFSFreeze, Arguments().domain(kAlpha).u32(0).u32(1)).error, kInvalidArgument);
}

TEST_F(Agent, ListsFileSystemsAndAddresses) {
  EXPECT_EQ(call(kDomainGetFSInfo, Arguments().domain(kAlpha).u32(0)).payload,
            Arguments().u32(1).text("/").text("vda1").text("ext4").u32(1).text("vda").u32(1).bytes());
  EXPECT_EQ(call(kDomainInterfaceAddresses, Arguments().domain(kAlpha).u32(1).u32(0)).payload,
            Arguments()
                .u32(2)
                .text("lo")
                .u32(0)
                .u32(0)
                .text("eth0")
                .u32(1)
                .text("52:54:00:00:00:01")
                .u32(2)
                .i32(0)
                .text("192.0.2.7")
                .u32(24)
                .i32(1)
                .text("2001:db8::7")
                .u32(64)
                .bytes());
  EXPECT_EQ(call(kDomainInterfaceAddresses, Arguments().domain(kAlpha).u32(3).u32(0)).error,
            kArgumentUnsupported);
}

TEST_F(Agent, TellsOfTheGuestAndSetsPasswords) {
  EXPECT_EQ(call(kDomainGetGuestInfo, Arguments().domain(kAlpha).u32(9).u32(0)).payload,
            Arguments()
                .u32(2)
                .text("hostname")
                .i32(7)
                .text("inside.example")
                .text("user.count")
                .i32(2)
                .u32(0)
                .bytes());
  EXPECT_FALSE(
      call(kDomainSetUserPassword, Arguments().domain(kAlpha).u32(1).text("root").u32(1).text("word").u32(1))
          .error);
  EXPECT_EQ(driver_.calls,
            (std::vector<std::string>{"guest_info alpha 9", "set_user_password alpha root word 1"}));
}

}  // namespace
}  // namespace virtsev::daemon::test
