// SPDX-License-Identifier: LGPL-2.1-or-later
// Procedures about domains: what arrives at the driver, what goes back.
#include <map>

#include <libvirt/libvirt.h>

#include "tests/driver/daemon/dispatch/service_fixture.hpp"

namespace virtsev::daemon::test {
namespace {

class Domains : public TwoDomainsTest {
 protected:
  static Bytes domain_bytes(const std::string& name, const Uuid& uuid, int id) {
    xdr::Encoder out;
    dispatch::put_domain(out, {name, uuid, id});
    return out.take();
  }
  const Uuid kNone = uuid_of(99);
};

TEST_F(Domains, ADomainIsNameUuidAndIdOnTheWire) {
  EXPECT_EQ(domain_bytes("alpha", kAlpha, -1),
            (Bytes{0, 0, 0, 5, 'a', 'l', 'p', 'h', 'a', 0, 0, 0, 1,    1,    1,    1,
                   1, 1, 1, 1, 1,   1,   1,   1,   1,   1, 1, 1, 0xff, 0xff, 0xff, 0xff}));
}

TEST_F(Domains, AreFoundByNameUuidAndId) {
  EXPECT_EQ(call(kDomainLookupByName, Arguments().text("alpha")).payload, domain_bytes("alpha", kAlpha, 1));
  EXPECT_EQ(call(kDomainLookupByUUID, Arguments().uuid(kBeta)).payload, domain_bytes("beta", kBeta, -1));
  EXPECT_EQ(call(kDomainLookupByID, Arguments().i32(1)).payload, domain_bytes("alpha", kAlpha, 1));
  EXPECT_EQ(call(kDomainLookupByID, Arguments().i32(-1)).error, kNoDomain);
  const Outcome missing = call(kDomainLookupByName, Arguments().text("gamma"));
  EXPECT_EQ(missing.error, kNoDomain);
  EXPECT_EQ(missing.message, "Domain not found: no domain with matching name 'gamma'");
}

TEST_F(Domains, AreLookedUpByUuidAlone) {
  EXPECT_EQ(call(kDomainGetInfo, Arguments().domain(kNone)).error, kNoDomain);
  EXPECT_FALSE(call(kDomainGetInfo, Arguments().domain(kAlpha)).error);  // with a stale name and id
}

TEST_F(Domains, AreListedOrCounted) {
  const Outcome listed = call(kConnectListAllDomains, Arguments().i32(1).u32(0));
  Bytes expected = Arguments().u32(2).bytes();
  for (const Bytes& part :
       {domain_bytes("alpha", kAlpha, 1), domain_bytes("beta", kBeta, -1), Arguments().u32(2).bytes()}) {
    expected.insert(expected.end(), part.begin(), part.end());
  }
  EXPECT_EQ(listed.payload, expected);
  EXPECT_EQ(call(kConnectListAllDomains, Arguments().i32(0).u32(0)).payload,
            Arguments().u32(0).u32(2).bytes());
  EXPECT_EQ(call(kConnectListAllDomains, Arguments().i32(0).u32(1)).payload,
            Arguments().u32(0).u32(1).bytes());
  EXPECT_EQ(call(kConnectListAllDomains, Arguments().i32(0).u32(0x10000)).error, kInvalidArgument);
}

TEST_F(Domains, AreListedTheOldWay) {
  EXPECT_EQ(call(kConnectNumOfDomains).payload, Arguments().i32(1).bytes());
  EXPECT_EQ(call(kConnectNumOfDefinedDomains).payload, Arguments().i32(1).bytes());
  EXPECT_EQ(call(kConnectListDomains, Arguments().i32(10)).payload, Arguments().u32(1).i32(1).bytes());
  EXPECT_EQ(call(kConnectListDomains, Arguments().i32(0)).payload, Arguments().u32(0).bytes());
  EXPECT_EQ(call(kConnectListDefinedDomains, Arguments().i32(10)).payload,
            Arguments().u32(1).text("beta").bytes());
  EXPECT_EQ(call(kConnectListDomains, Arguments().i32(-1)).error, kRpc);
  EXPECT_EQ(call(kConnectListDefinedDomains, Arguments().i32(16385)).error, kRpc);
}

TEST_F(Domains, TellTheirState) {
  EXPECT_EQ(call(kDomainGetState, Arguments().domain(kAlpha).u32(0)).payload,
            Arguments().i32(1).i32(1).bytes());
  EXPECT_EQ(call(kDomainIsActive, Arguments().domain(kAlpha)).payload, Arguments().i32(1).bytes());
  EXPECT_EQ(call(kDomainIsActive, Arguments().domain(kBeta)).payload, Arguments().i32(0).bytes());
  EXPECT_EQ(call(kDomainIsPersistent, Arguments().domain(kBeta)).payload, Arguments().i32(1).bytes());
  EXPECT_EQ(call(kDomainGetState, Arguments().domain(kAlpha).u32(4)).error, kInvalidArgument);
  EXPECT_EQ(call(kDomainGetState, Arguments().domain(kAlpha).u32(4)).message,
            "unsupported flags (0x4) in function virDomainGetState");
}

TEST_F(Domains, TellTheirInformation) {
  EXPECT_EQ(call(kDomainGetInfo, Arguments().domain(kAlpha)).payload,
            Arguments().u32(1).u64(524288).u64(262144).u32(2).u64(1500000000).bytes());
  EXPECT_EQ(call(kDomainGetMaxMemory, Arguments().domain(kAlpha)).payload, Arguments().u64(524288).bytes());
  EXPECT_EQ(call(kDomainGetMaxVcpus, Arguments().domain(kAlpha)).payload, Arguments().i32(2).bytes());
  EXPECT_EQ(call(kDomainGetOSType, Arguments().domain(kAlpha)).payload, Arguments().text("hvm").bytes());
  EXPECT_EQ(call(kDomainGetOSType, Arguments().domain(kNone)).error, kNoDomain);
}

TEST_F(Domains, TellTheirVcpusWithOneMapEach) {
  const Outcome outcome = call(kDomainGetVcpus, Arguments().domain(kAlpha).i32(2).i32(1));
  EXPECT_EQ(outcome.payload, Arguments()
                                 .u32(2)
                                 .u32(0)
                                 .i32(1)
                                 .u64(1000000000)
                                 .i32(1)
                                 .u32(1)
                                 .i32(1)
                                 .u64(500000000)
                                 .i32(3)
                                 .u32(2)
                                 .u32(0x0f0f0000)
                                 .bytes());
  EXPECT_EQ(call(kDomainGetVcpus, Arguments().domain(kAlpha).i32(1).i32(0)).payload,
            Arguments().u32(1).u32(0).i32(1).u64(1000000000).i32(1).u32(0).bytes());
  EXPECT_EQ(call(kDomainGetVcpus, Arguments().domain(kAlpha).i32(-1).i32(1)).error, kRpc);
  EXPECT_EQ(call(kDomainGetVcpus, Arguments().domain(kAlpha).i32(16384).i32(8388608)).error, kRpc);
}

TEST_F(Domains, CountTheirVcpus) {
  for (const std::uint32_t flags : {0U, 1U, 2U, 5U, 6U}) {
    EXPECT_EQ(call(kDomainGetVcpusFlags, Arguments().domain(kAlpha).u32(flags)).payload,
              Arguments().i32(2).bytes());
  }
  EXPECT_EQ(call(kDomainGetVcpusFlags, Arguments().domain(kBeta).u32(1)).error, kOperationInvalid);
  EXPECT_EQ(call(kDomainGetVcpusFlags, Arguments().domain(kAlpha).u32(8)).error, kNoSupport);
}

TEST_F(Domains, TellTheirMemoryUpToTheNumberAsked) {
  EXPECT_EQ(call(kDomainMemoryStats, Arguments().domain(kAlpha).u32(10).u32(0)).payload,
            Arguments().u32(2).i32(6).u64(262144).i32(7).u64(12345).bytes());
  EXPECT_EQ(call(kDomainMemoryStats, Arguments().domain(kAlpha).u32(1).u32(0)).payload,
            Arguments().u32(1).i32(6).u64(262144).bytes());
  EXPECT_EQ(call(kDomainMemoryStats, Arguments().domain(kAlpha).u32(1025).u32(0)).error, kRpc);
}

TEST_F(Domains, LiveAndEnd) {
  EXPECT_FALSE(call(kDomainSuspend, Arguments().domain(kAlpha)).error);
  EXPECT_EQ(driver_.state(kAlpha).state, VIR_DOMAIN_PAUSED);
  EXPECT_FALSE(call(kDomainResume, Arguments().domain(kAlpha)).error);
  EXPECT_FALSE(call(kDomainReboot, Arguments().domain(kAlpha).u32(0)).error);
  EXPECT_FALSE(call(kDomainReset, Arguments().domain(kAlpha).u32(0)).error);
  EXPECT_FALSE(call(kDomainShutdown, Arguments().domain(kAlpha)).error);
  EXPECT_EQ(call(kDomainShutdownFlags, Arguments().domain(kAlpha).u32(0)).error, kOperationInvalid);
  EXPECT_EQ(call(kDomainCreateWithFlags, Arguments().domain(kBeta).u32(1)).payload,
            domain_bytes("beta", kBeta, 2));
  EXPECT_FALSE(call(kDomainDestroyFlags, Arguments().domain(kBeta).u32(0)).error);
  EXPECT_EQ(call(kDomainDestroy, Arguments().domain(kBeta)).error, kOperationInvalid);
  EXPECT_EQ(driver_.calls, (std::vector<std::string>{"start", "suspend", "resume", "reboot", "reset",
                                                     "shutdown", "shutdown", "start", "destroy", "destroy"}));
}

TEST_F(Domains, AreCreatedForTheirConnection) {
  const std::string xml = "<domain><name>guest</name></domain>";
  EXPECT_FALSE(call(kDomainCreateXML, Arguments().text(xml).u32(2)).error);  // autodestroy
  EXPECT_EQ(driver_.by_name("guest").owner, 1U);
  service_.closed(client_);
  EXPECT_EQ(call(kDomainLookupByName, Arguments().text("guest")).error, kNoDomain);
  EXPECT_FALSE(call(kDomainLookupByName, Arguments().text("alpha")).error);
}

TEST_F(Domains, AreDefinedRenamedAndUndefined) {
  const std::string xml =
      "<domain><name>guest</name><uuid>63636363-6363-6363-6363-636363636363</uuid></domain>";
  EXPECT_EQ(call(kDomainDefineXML, Arguments().text(xml)).payload, domain_bytes("guest", kNone, -1));
  EXPECT_EQ(call(kDomainDefineXMLFlags, Arguments().text(xml).u32(1)).payload,
            domain_bytes("guest", kNone, -1));
  EXPECT_EQ(call(kDomainGetXMLDesc, Arguments().domain(kNone).u32(0)).payload, Arguments().text(xml).bytes());
  EXPECT_EQ(call(kDomainRename, Arguments().domain(kNone).optional("other").u32(0)).payload,
            Arguments().i32(0).bytes());
  EXPECT_EQ(call(kDomainRename, Arguments().domain(kNone).optional(std::nullopt).u32(0)).error,
            kInvalidArgument);
  EXPECT_FALSE(call(kDomainUndefine, Arguments().domain(kNone)).error);
  EXPECT_EQ(call(kDomainUndefineFlags, Arguments().domain(kNone).u32(0)).error, kNoDomain);
  EXPECT_EQ(call(kDomainDefineXML, Arguments().text("nonsense")).error, kXmlError);
}

TEST_F(Domains, KeepAutostartAndMetadata) {
  EXPECT_EQ(call(kDomainGetAutostart, Arguments().domain(kAlpha)).payload, Arguments().i32(0).bytes());
  EXPECT_FALSE(call(kDomainSetAutostart, Arguments().domain(kAlpha).i32(1)).error);
  EXPECT_EQ(call(kDomainGetAutostart, Arguments().domain(kAlpha)).payload, Arguments().i32(1).bytes());
  EXPECT_EQ(call(kDomainGetMetadata, Arguments().domain(kAlpha).i32(1).optional(std::nullopt).u32(0)).error,
            kNoDomainMetadata);
  EXPECT_FALSE(call(kDomainSetMetadata, Arguments()
                                            .domain(kAlpha)
                                            .i32(1)
                                            .optional("a title")
                                            .optional(std::nullopt)
                                            .optional(std::nullopt)
                                            .u32(0))
                   .error);
  EXPECT_EQ(call(kDomainGetMetadata, Arguments().domain(kAlpha).i32(1).optional(std::nullopt).u32(0)).payload,
            Arguments().text("a title").bytes());
}

TEST_F(Domains, TellMessagesByKind) {
  const Bytes taint = Arguments().u32(1).text("tainted: the policy lets the host read the guest").bytes();
  EXPECT_EQ(call(kDomainGetMessages, Arguments().domain(kAlpha).u32(0)).payload, taint);
  EXPECT_EQ(call(kDomainGetMessages, Arguments().domain(kAlpha).u32(2)).payload, taint);
  EXPECT_EQ(call(kDomainGetMessages, Arguments().domain(kAlpha).u32(1)).payload, Arguments().u32(0).bytes());
}

TEST_F(Domains, HaveNoSnapshotsNorSavedImages) {
  EXPECT_EQ(call(kDomainHasManagedSaveImage, Arguments().domain(kAlpha).u32(0)).payload,
            Arguments().i32(0).bytes());
  EXPECT_EQ(call(kDomainSnapshotNum, Arguments().domain(kAlpha).u32(0)).payload, Arguments().i32(0).bytes());
  EXPECT_EQ(call(kDomainListAllSnapshots, Arguments().domain(kAlpha).i32(1).u32(0)).payload,
            Arguments().u32(0).i32(0).bytes());
  EXPECT_EQ(call(kDomainListAllSnapshots, Arguments().domain(kNone).i32(1).u32(0)).error, kNoDomain);
  EXPECT_EQ(call(kDomainGetSecurityLabel, Arguments().domain(kAlpha)).payload,
            Arguments().u32(1).i32(0).i32(0).bytes());
}

TEST_F(Domains, AreNotSavedAndSayWhy) {
  for (const std::int32_t number : {kDomainRestore, kDomainSave, kDomainManagedSave, kDomainSnapshotCreateXML,
                                    kDomainSaveFlags, kDomainRestoreFlags}) {
    const Outcome outcome = call(number, Arguments().domain(kAlpha).u64(1));
    EXPECT_EQ(outcome.error, kNoSupport) << number;  // NO_SUPPORT: what tools take as "not implemented"
    EXPECT_GT(outcome.message.size(), 30U) << number;
  }
}

TEST_F(Domains, TellTheirControlChannelWhileActive) {
  EXPECT_EQ(call(kDomainGetControlInfo, Arguments().domain(kAlpha).u32(0)).payload,
            Arguments().u32(VIR_DOMAIN_CONTROL_OCCUPIED).u32(0).u64(2500).bytes());
  EXPECT_EQ(call(kDomainGetControlInfo, Arguments().domain(kBeta).u32(0)).error, kOperationInvalid);
}

TEST_F(Domains, GiveTheirMemoryInOnePiece) {
  EXPECT_EQ(
      call(kDomainMemoryPeek, Arguments().domain(kAlpha).u64(0x1001).u32(3).u32(VIR_MEMORY_PHYSICAL)).payload,
      Arguments().text("\1\2\3").bytes());
  EXPECT_EQ(
      call(kDomainMemoryPeek, Arguments().domain(kAlpha).u64(0).u32(0).u32(VIR_MEMORY_PHYSICAL)).payload,
      Arguments().u32(0).bytes())
      << "a size of 0 asks whether it would succeed";
  EXPECT_EQ(call(kDomainMemoryPeek, Arguments().domain(kAlpha).u64(0).u32(4U << 20).u32(VIR_MEMORY_PHYSICAL))
                .payload.size(),
            (4U << 20) + 4);
}

TEST_F(Domains, RefuseToGiveMoreMemoryThanAMessageHolds) {
  driver_.calls.clear();
  EXPECT_EQ(
      call(kDomainMemoryPeek, Arguments().domain(kAlpha).u64(0).u32((4U << 20) + 1).u32(VIR_MEMORY_PHYSICAL))
          .error,
      kRpc);
  EXPECT_EQ(
      call(kDomainMemoryPeek, Arguments().domain(kAlpha).u64(0).u32(0xffffffff).u32(VIR_MEMORY_PHYSICAL))
          .error,
      kRpc);
  EXPECT_TRUE(driver_.calls.empty());
}

TEST_F(Domains, RefuseTheirMemoryWhereTheDriverDoesOrNobodyMayWrite) {
  EXPECT_EQ(call(kDomainMemoryPeek, Arguments().domain(kAlpha).u64(0).u32(1).u32(VIR_MEMORY_VIRTUAL)).error,
            kOperationUnsupported);
  EXPECT_EQ(call(kDomainMemoryPeek, Arguments().domain(kBeta).u64(0).u32(1).u32(VIR_MEMORY_PHYSICAL)).error,
            kOperationInvalid);
  FakeClient read_only;
  open(read_only, "sev:///system", VIR_CONNECT_RO);
  EXPECT_EQ(
      call(read_only, kDomainMemoryPeek, Arguments().domain(kAlpha).u64(0).u32(1).u32(VIR_MEMORY_PHYSICAL))
          .error,
      kOperationDenied);
}

TEST_F(Domains, AreDumpedWithOrWithoutAFormat) {
  driver_.calls.clear();
  EXPECT_TRUE(call(kDomainCoreDump, Arguments().domain(kAlpha).text("/tmp/core").u32(18)).payload.empty());
  EXPECT_FALSE(
      call(kDomainCoreDumpWithFormat, Arguments().domain(kAlpha).text("/tmp/core").u32(3).u32(16)).error);
  EXPECT_EQ(driver_.calls,
            (std::vector<std::string>{"core_dump /tmp/core 0 18", "core_dump /tmp/core 3 16"}));
  EXPECT_EQ(call(kDomainCoreDumpWithFormat, Arguments().domain(kBeta).text("/tmp/core").u32(0).u32(16)).error,
            kOperationInvalid);
}

TEST_F(Domains, AreNotDumpedByReadersOrByHalfACall) {
  driver_.calls.clear();
  FakeClient read_only;
  open(read_only, "sev:///system", VIR_CONNECT_RO);
  EXPECT_EQ(call(read_only, kDomainCoreDump, Arguments().domain(kAlpha).text("/tmp/core").u32(16)).error,
            kOperationDenied);
  EXPECT_EQ(
      call(read_only, kDomainCoreDumpWithFormat, Arguments().domain(kAlpha).text("/tmp/core").u32(0).u32(16))
          .error,
      kOperationDenied);
  EXPECT_EQ(call(kDomainCoreDump, Arguments().domain(kAlpha).text("/tmp/core")).error, kRpc);
  EXPECT_EQ(call(kDomainCoreDumpWithFormat, Arguments().domain(kAlpha).text("/tmp/core").u32(16)).error,
            kRpc);
  EXPECT_EQ(
      call(kDomainCoreDump, Arguments().domain(kAlpha).text(std::string("/tmp/\0core", 10)).u32(16)).error,
      kRpc);
  EXPECT_TRUE(driver_.calls.empty());
}

TEST_F(Domains, TellStatisticsOfAllOrOfSome) {
  const Outcome all = call(kConnectGetAllDomainStats, Arguments().u32(0).u32(0).u32(0));
  ASSERT_FALSE(all.error);
  EXPECT_EQ(ByteView(all.payload)[3], 2);
  const Outcome one =
      call(kConnectGetAllDomainStats, Arguments().u32(2).domain(kAlpha).domain(kAlpha).u32(0).u32(0));
  EXPECT_EQ(one.payload, [&] {
    Bytes expected = Arguments().u32(1).bytes();
    const Bytes domain = domain_bytes("alpha", kAlpha, 1);
    expected.insert(expected.end(), domain.begin(), domain.end());
    const Bytes rest = Arguments()
                           .u32(4)
                           .text("state.state")
                           .i32(1)
                           .i32(1)
                           .text("cpu.time")
                           .i32(4)
                           .u64(1500000000)
                           .text("vcpu.current")
                           .i32(2)
                           .u32(2)
                           .text("fake.text")
                           .i32(7)
                           .text("said")
                           .bytes();
    expected.insert(expected.end(), rest.begin(), rest.end());
    return expected;
  }());
  EXPECT_EQ(call(kConnectGetAllDomainStats, Arguments().u32(1).domain(kNone).u32(0).u32(0)).error, kNoDomain);
  EXPECT_EQ(call(kConnectGetAllDomainStats, Arguments().u32(0).u32(64).u32(0x80000000)).error,
            kArgumentUnsupported);
  EXPECT_FALSE(call(kConnectGetAllDomainStats, Arguments().u32(0).u32(15).u32(0x80000000)).error);
  EXPECT_EQ(call(kConnectGetAllDomainStats, Arguments().u32(16385).u32(0).u32(0)).error, kRpc);
  EXPECT_EQ(driver_.calls.back(), "statistics");
  EXPECT_FALSE(call(kConnectGetAllDomainStats, Arguments().u32(0).u32(0).u32(0x20000000)).error);
  EXPECT_EQ(driver_.calls.back(), "statistics at once");
}

TEST_F(Domains, ACallThatWaitsDoesNotStopOthers) {
  driver_.hold = true;
  EXPECT_FALSE(try_call(client_, kDomainSuspend, Arguments().domain(kAlpha).bytes()));
  EXPECT_FALSE(call(kDomainGetInfo, Arguments().domain(kAlpha)).error);
  driver_.release();
  io_.restart();
  io_.poll();
  EXPECT_EQ(driver_.state(kAlpha).state, VIR_DOMAIN_PAUSED);
}

TEST_F(Domains, ChangesOfDevicesReachTheDriverWithTheFlagsThatTheOldCallsMean) {
  driver_.calls.clear();
  const std::string disk = "<disk/>";
  const auto named = [&] { return Arguments().domain(kBeta).text(disk); };
  EXPECT_FALSE(call(kDomainAttachDevice, named()).error);
  EXPECT_FALSE(call(kDomainDetachDevice, named()).error);
  EXPECT_FALSE(call(kDomainAttachDeviceFlags, named().u32(VIR_DOMAIN_AFFECT_CONFIG)).error);
  EXPECT_FALSE(call(kDomainDetachDeviceFlags, named().u32(VIR_DOMAIN_AFFECT_CONFIG)).error);
  EXPECT_FALSE(call(kDomainUpdateDeviceFlags, named().u32(3)).error);
  EXPECT_FALSE(call(kDomainDetachDeviceAlias, Arguments().domain(kBeta).text("net0").u32(1)).error);
  EXPECT_EQ(driver_.calls,
            (std::vector<std::string>{"attach_device beta <disk/> 1", "detach_device beta <disk/> 1",
                                      "attach_device beta <disk/> 2", "detach_device beta <disk/> 2",
                                      "update_device beta <disk/> 3", "detach_device_alias beta net0 1"}));
  EXPECT_EQ(call(kDomainAttachDeviceFlags, named()).error, kRpc);
  EXPECT_EQ(call(kDomainAttachDevice, Arguments().domain(kNone).text(disk)).error, kNoDomain);
}

TEST_F(Domains, SingleSettingsReachTheDriverWithTheFlagsThatTheOldCallsMean) {
  driver_.calls.clear();
  EXPECT_FALSE(call(kDomainSetMaxMemory, Arguments().domain(kBeta).u64(200'000)).error);
  EXPECT_FALSE(call(kDomainSetMemory, Arguments().domain(kBeta).u64(100'000)).error);
  EXPECT_FALSE(
      call(kDomainSetMemoryFlags, Arguments().domain(kBeta).u64(1ULL << 40).u32(VIR_DOMAIN_AFFECT_CONFIG))
          .error);
  EXPECT_FALSE(call(kDomainSetVcpus, Arguments().domain(kBeta).u32(3)).error);
  EXPECT_FALSE(call(kDomainSetVcpusFlags, Arguments().domain(kBeta).u32(4).u32(6)).error);
  EXPECT_FALSE(call(kDomainSetLifecycleAction, Arguments().domain(kBeta).u32(1).u32(3).u32(2)).error);
  EXPECT_EQ(driver_.calls,
            (std::vector<std::string>{"set_memory beta 200000 4", "set_memory beta 100000 1",
                                      "set_memory beta 1099511627776 2", "set_vcpus beta 3 1",
                                      "set_vcpus beta 4 6", "set_lifecycle_action beta 1 3 2"}));
  EXPECT_EQ(call(kDomainSetVcpusFlags, Arguments().domain(kBeta).u32(4)).error, kRpc);
  EXPECT_EQ(call(kDomainSetLifecycleAction, Arguments().domain(kNone).u32(1).u32(3).u32(2)).error, kNoDomain);
}

}  // namespace
}  // namespace virtsev::daemon::test
