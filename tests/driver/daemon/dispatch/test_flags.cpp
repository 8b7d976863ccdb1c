// SPDX-License-Identifier: LGPL-2.1-or-later
// The masks of flags in the table of procedures: what a call does not know is refused, by its own name,
// before anything is done.
#include <cstdio>

#include <libvirt/libvirt.h>

#include "tests/driver/daemon/dispatch/service_fixture.hpp"

namespace virtsev::daemon::test {
namespace {

class CallFlags : public ServiceTest {
 protected:
  struct Call {
    std::int32_t number;
    const char* api;
    Arguments before;  ///< The flags come last
    std::uint32_t known, unknown;
  };
  void SetUp() override {
    driver_.add("guest");
    open();
  }
  const Uuid kGuest = uuid_of(1);
  const std::vector<Call> calls_ = {
      {kDomainCreateWithFlags, "virDomainCreateWithFlags", Arguments().domain(kGuest), 63, 1U << 20},
      {kDomainCreateXML, "virDomainCreateXML", Arguments().text("<domain/>"), 63, 64},
      {kDomainDefineXMLFlags, "virDomainDefineXMLFlags", Arguments().text("<domain/>"), 1, 2},
      {kDomainUndefineFlags, "virDomainUndefineFlags", Arguments().domain(kGuest), 127, 128},
      {kDomainDestroyFlags, "virDomainDestroyFlags", Arguments().domain(kGuest), 3, 4},
      {kDomainShutdownFlags, "virDomainShutdownFlags", Arguments().domain(kGuest), 31, 32},
      {kDomainReboot, "virDomainReboot", Arguments().domain(kGuest), 31, 32},
      {kDomainReset, "virDomainReset", Arguments().domain(kGuest), 0, 1},
      {kDomainGetXMLDesc, "virDomainGetXMLDesc", Arguments().domain(kGuest), 15, 16},
      {kDomainGetState, "virDomainGetState", Arguments().domain(kGuest), 0, 4},
      {kDomainGetControlInfo, "virDomainGetControlInfo", Arguments().domain(kGuest), 0, 1},
      {kDomainSetVcpusFlags, "virDomainSetVcpusFlags", Arguments().domain(kGuest).u32(1), 31, 64},
      {kDomainSetMemoryFlags, "virDomainSetMemoryFlags", Arguments().domain(kGuest).u64(1), 7, 8},
      {kDomainSetLifecycleAction, "virDomainSetLifecycleAction", Arguments().domain(kGuest).u32(0).u32(0), 3,
       4},
      {kDomainAttachDeviceFlags, "virDomainAttachDeviceFlags", Arguments().domain(kGuest).text("<disk/>"), 3,
       4},
      {kDomainDetachDeviceFlags, "virDomainDetachDeviceFlags", Arguments().domain(kGuest).text("<disk/>"), 3,
       4},
      {kDomainUpdateDeviceFlags, "virDomainUpdateDeviceFlags", Arguments().domain(kGuest).text("<disk/>"), 3,
       4},
      {kDomainSetMetadata, "virDomainSetMetadata",
       Arguments().domain(kGuest).i32(0).optional("x").optional({}).optional({}), 3, 4},
      {kDomainGetMetadata, "virDomainGetMetadata", Arguments().domain(kGuest).i32(0).optional({}), 3, 4},
      {kConnectGetDomainCapabilities, "virConnectGetDomainCapabilities",
       Arguments().optional({}).optional({}).optional({}).optional({}), 0, 1},
  };
};

TEST_F(CallFlags, ThatACallDoesNotKnowAreRefusedByItsName) {
  for (const Call& each : calls_) {
    Arguments arguments = each.before;
    const Outcome outcome = call(each.number, arguments.u32(each.known | each.unknown));
    EXPECT_EQ(outcome.error, kInvalidArgument) << each.api;
    char expected[128] = "";
    std::snprintf(expected, sizeof expected, "unsupported flags (0x%x) in function %s", each.unknown,
                  each.api);
    EXPECT_EQ(outcome.message, expected);
  }
  EXPECT_TRUE(driver_.calls.empty()) << driver_.calls.front() << " was called";
}

TEST_F(CallFlags, ThatACallKnowsReachTheDriver) {
  for (const Call& each : calls_) {
    Arguments arguments = each.before;
    const Outcome outcome = call(each.number, arguments.u32(each.known));
    EXPECT_EQ(outcome.message.find("unsupported flags"), std::string::npos) << each.api;
  }
}

TEST_F(CallFlags, ThatAreCutOffAreNoFlags) {
  for (const Call& each : calls_) {
    EXPECT_EQ(call(each.number, each.before).error, kRpc) << each.api;
  }
  EXPECT_TRUE(driver_.calls.empty());
}

}  // namespace
}  // namespace virtsev::daemon::test
