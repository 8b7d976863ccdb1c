// SPDX-License-Identifier: LGPL-2.1-or-later
// Opening, closing, and who may call what.
#include <algorithm>
#include <set>
#include <string>

#include <unistd.h>

#include "driver/daemon/dispatch/procedures.hpp"
#include "tests/driver/daemon/dispatch/service_fixture.hpp"

namespace virtsev::daemon::test {
namespace {

using dispatch::Access;
using Connection = ServiceTest;

TEST_F(Connection, AllThatStockClientsNeedIsInTheTable) {
  for (const std::int32_t number : kNeeded) {
    EXPECT_NE(dispatch::find_procedure(number), nullptr) << number;
  }
}

// The newest number of libvirt 12.9, and its messages that are events, which daemons send and nobody calls.
constexpr std::int32_t kNewest = 456;
constexpr std::int32_t kEvents[] = {107, 169, 170, 171, 172, 173, 195, 224, 241, 248, 268, 269, 270, 276,
                                    292, 311, 315, 318, 319, 320, 321, 322, 323, 324, 325, 326, 327, 328,
                                    329, 330, 331, 332, 333, 339, 346, 348, 354, 359, 362, 363, 367, 370,
                                    373, 376, 377, 379, 382, 383, 385, 423, 438, 446, 453, 454, 455};

TEST_F(Connection, EveryNumberOfLibvirtIsACallWithANameOrAnEvent) {
  for (std::int32_t number = 1; number <= kNewest; ++number) {
    const bool event = std::find(std::begin(kEvents), std::end(kEvents), number) != std::end(kEvents);
    EXPECT_EQ(dispatch::find_procedure(number) == nullptr, event) << number;
  }
  std::set<std::int32_t> numbers;
  for (const auto& table : {dispatch::procedures(), dispatch::refused_procedures()}) {
    for (const dispatch::Procedure& procedure : table) {
      EXPECT_TRUE(numbers.insert(procedure.number).second)
          << procedure.number << " is answered: take it out of refused_procedures.cpp";
    }
  }
}

TEST_F(Connection, WhatIsRefusedHasTheCallsNameAndAReason) {
  open();
  std::set<std::string> reasons;
  for (const dispatch::Procedure& procedure : dispatch::refused_procedures()) {
    const Outcome outcome = call(procedure.number);
    EXPECT_EQ(outcome.error, kNoSupport) << procedure.api;
    const std::string begin = std::string(procedure.api) + " is not supported: ";
    EXPECT_EQ(outcome.message.rfind(begin, 0), 0U) << outcome.message;
    reasons.insert(outcome.message.substr(begin.size()));
  }
  EXPECT_GE(reasons.size(), 20U);
  EXPECT_EQ(call(kStorageVolLookupByPath).message,
            "virStorageVolLookupByPath is not supported: storage pools are libvirt's own, and none of its "
            "daemons for them runs here: start virtstoraged or libvirtd");
  EXPECT_TRUE(driver_.calls.empty());
}

TEST_F(Connection, NothingButAuthenticationAndFeaturesIsAnsweredBeforeOpen) {
  for (const dispatch::Procedure& procedure : dispatch::procedures()) {
    if (procedure.access == Access::kStranger) {
      continue;
    }
    const Outcome outcome = call(procedure.number);
    EXPECT_EQ(outcome.error, kInternal) << procedure.api;
    EXPECT_EQ(outcome.message, "hypervisor connection not open");
  }
  EXPECT_EQ(call(9999).error, kInternal);
  EXPECT_TRUE(driver_.calls.empty());
}

TEST_F(Connection, AuthenticationIsNone) {
  EXPECT_EQ(call(kAuthList).payload, (Bytes{0, 0, 0, 1, 0, 0, 0, 0}));
  EXPECT_EQ(call(kAuthPolkit).error, kAuthFailed);
}

TEST_F(Connection, OpensOurUrisAlone) {
  for (const char* uri : {"sev:///system", "sev:///session", "sev:///system?no_verify=1", "qemu:///system",
                          "qemu:///session"}) {
    FakeClient client;
    EXPECT_FALSE(call(client, kConnectOpen, Arguments().optional(uri).u32(0)).error) << uri;
    EXPECT_TRUE(client.open);
  }
  for (const auto& [uri, code] :
       std::vector<std::pair<std::string, ErrorCode>>{{"qemu:///embed", kInvalidArgument},
                                                      {"qemu:///", kInvalidArgument},
                                                      {"qemusev:///system", kNoConnect},
                                                      {"qemu", kNoConnect},
                                                      {"test:///default", kNoConnect},
                                                      {"sev:///", kInvalidArgument},
                                                      {"sev:///other", kInvalidArgument},
                                                      {"sev", kNoConnect}}) {
    FakeClient client;
    EXPECT_EQ(call(client, kConnectOpen, Arguments().optional(uri).u32(0)).error, code) << uri;
    EXPECT_FALSE(client.open);
    EXPECT_EQ(call(client, kConnectGetHostname).error, kInternal);
  }
}

TEST_F(Connection, WithoutANameTheUserDecides) {
  const std::string expected = geteuid() == 0 ? "sev:///system" : "sev:///session";
  for (const std::optional<std::string>& name :
       {std::optional<std::string>(), std::optional<std::string>("")}) {
    FakeClient client;
    EXPECT_FALSE(call(client, kConnectOpen, Arguments().optional(name).u32(0)).error);
    EXPECT_EQ(call(client, kConnectGetURI).payload, Arguments().text(expected).bytes());
  }
}

TEST_F(Connection, TheUriIsToldWithoutParameters) {
  open(client_, "sev:///session?x=y");
  EXPECT_EQ(call(kConnectGetURI).payload, Arguments().text("sev:///session").bytes());
}

TEST_F(Connection, UnderQemusNameItIsStillSev) {
  open(client_, "qemu:///system?socket=/run/libvirt/virtsevd-sock");
  EXPECT_EQ(call(kConnectGetURI).payload, Arguments().text("qemu:///system").bytes());
  EXPECT_EQ(call(kConnectGetType).payload, Arguments().text("SEV").bytes());
}

TEST_F(Connection, TakesTheBooleanThatGoLibvirtSends) {
  Bytes arguments{1, 0, 0, 0, 0, 0, 0, 13};
  const std::string uri = "sev:///system";
  arguments.insert(arguments.end(), uri.begin(), uri.end());
  arguments.resize(arguments.size() + 3 + 4);
  const auto outcome = try_call(client_, kConnectOpen, arguments);
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->error);
}

TEST_F(Connection, OpensOnce) {
  open();
  EXPECT_EQ(call(kConnectOpen, Arguments().optional("sev:///system").u32(0)).error, kInternal);
}

TEST_F(Connection, AFailedOpenCanBeTriedAgain) {
  EXPECT_EQ(call(kConnectOpen, Arguments().optional("xen:///").u32(0)).error, kNoConnect);
  open();
  EXPECT_FALSE(call(kConnectGetHostname).error);
}

TEST_F(Connection, UnknownOpenFlagsAreRefused) {
  EXPECT_EQ(call(kConnectOpen, Arguments().optional("sev:///system").u32(0x100)).error, kInvalidArgument);
}

TEST_F(Connection, ReadOnlyBySocketOrByFlagChangesNothing) {
  driver_.add("guest");
  FakeClient by_socket(2, true);
  open(by_socket);
  FakeClient by_flag(3);
  open(by_flag, "sev:///system", 1);
  for (FakeClient* client : {&by_socket, &by_flag}) {
    for (const dispatch::Procedure& procedure : dispatch::procedures()) {
      if (procedure.access == Access::kReadWrite) {
        const Outcome outcome = call(*client, procedure.number, Arguments().domain(uuid_of(1)).u32(0));
        EXPECT_EQ(outcome.error, kOperationDenied) << procedure.api;
        EXPECT_EQ(outcome.message,
                  "operation " + std::string(procedure.api) + " forbidden for read only access");
      }
    }
  }
  EXPECT_TRUE(driver_.calls.empty());
}

TEST_F(Connection, TheProceduresThatChangeOrTellSecretsNeedWriteAccess) {
  for (const std::int32_t number : {kDomainCreate,
                                    kDomainCreateXML,
                                    kDomainDefineXML,
                                    kDomainDestroy,
                                    kDomainReboot,
                                    kDomainResume,
                                    kDomainSetAutostart,
                                    kDomainShutdown,
                                    kDomainSuspend,
                                    kDomainUndefine,
                                    kDomainCoreDump,
                                    kDomainCreateWithFlags,
                                    kDomainOpenConsole,
                                    kDomainUndefineFlags,
                                    kDomainDestroyFlags,
                                    kDomainReset,
                                    kDomainShutdownFlags,
                                    kDomainSetMetadata,
                                    kDomainCoreDumpWithFormat,
                                    kConnectGetDomainCapabilities,
                                    kDomainDefineXMLFlags,
                                    kDomainRename,
                                    kNodeGetSEVInfo,
                                    kDomainSetLaunchSecurityState}) {
    EXPECT_EQ(dispatch::find_procedure(number)->access, Access::kReadWrite) << number;
  }
  for (const std::int32_t number :
       {kDomainGetXMLDesc, kDomainGetInfo, kDomainLookupByName, kDomainGetState, kDomainGetMetadata,
        kConnectListAllDomains, kConnectDomainEventRegisterAny, kConnectGetAllDomainStats,
        kDomainGetLaunchSecurityInfo}) {
    EXPECT_EQ(dispatch::find_procedure(number)->access, Access::kReadOnly) << number;
  }
}

TEST_F(Connection, ReadersGetNoSecureXml) {
  driver_.add("guest");
  FakeClient reader(2, true);
  open(reader);
  EXPECT_FALSE(call(reader, kDomainGetXMLDesc, Arguments().domain(uuid_of(1)).u32(0)).error);
  EXPECT_FALSE(call(reader, kDomainGetXMLDesc, Arguments().domain(uuid_of(1)).u32(2)).error);
  EXPECT_EQ(call(reader, kDomainGetXMLDesc, Arguments().domain(uuid_of(1)).u32(1)).error, kOperationDenied);
  EXPECT_EQ(call(reader, kDomainGetXMLDesc, Arguments().domain(uuid_of(1)).u32(8)).error, kOperationDenied);
  open();
  EXPECT_FALSE(call(kDomainGetXMLDesc, Arguments().domain(uuid_of(1)).u32(1)).error);
}

TEST_F(Connection, EveryProcedureRefusesArgumentsThatAreCutShort) {
  driver_.add("guest");
  open();
  // Those that take none, that answer the same whatever they are asked, or that are refused whatever they
  // say.
  const std::vector<std::int32_t> deaf{kConnectClose,
                                       kConnectGetType,
                                       kConnectGetVersion,
                                       kNodeGetInfo,
                                       kConnectGetCapabilities,
                                       kConnectNumOfDefinedDomains,
                                       kDomainPinVcpu,
                                       kDomainSetMaxMemory,
                                       kDomainSetMemory,
                                       kDomainSetVcpus,
                                       kConnectListDefinedNetworks,
                                       kConnectListNetworks,
                                       kConnectNumOfDefinedNetworks,
                                       kConnectNumOfDomains,
                                       kConnectNumOfNetworks,
                                       kDomainRestore,
                                       kDomainSave,
                                       kDomainGetSchedulerType,
                                       kConnectGetHostname,
                                       kAuthList,
                                       kAuthPolkit,
                                       kConnectNumOfStoragePools,
                                       kConnectListStoragePools,
                                       kConnectNumOfDefinedStoragePools,
                                       kConnectListDefinedStoragePools,
                                       kNodeGetFreeMemory,
                                       kConnectGetURI,
                                       kNodeNumOfDevices,
                                       kNodeListDevices,
                                       kNodeGetSecurityModel,
                                       kConnectDomainXMLFromNative,
                                       kConnectDomainXMLToNative,
                                       kConnectIsSecure,
                                       kConnectGetLibVersion,
                                       kConnectNumOfNWFilters,
                                       kConnectNumOfInterfaces,
                                       kConnectListInterfaces,
                                       kConnectNumOfDefinedInterfaces,
                                       kConnectListDefinedInterfaces,
                                       kConnectNumOfSecrets,
                                       kConnectListSecrets,
                                       kDomainManagedSave,
                                       kDomainSnapshotCreateXML,
                                       kDomainSnapshotLookupByName,
                                       kConnectListAllStoragePools,
                                       kConnectListAllNetworks,
                                       kConnectListAllInterfaces,
                                       kConnectListAllNodeDevices,
                                       kConnectListAllNWFilters,
                                       kConnectListAllSecrets,
                                       kConnectListAllNWFilterBindings,
                                       kDomainGetMemoryParameters,
                                       kDomainSetVcpusFlags,
                                       kDomainSetMemoryFlags,
                                       kDomainGetBlkioParameters,
                                       kDomainInjectNMI,
                                       kDomainScreenshot,
                                       kDomainSendKey,
                                       kDomainSaveFlags,
                                       kDomainRestoreFlags,
                                       kDomainGetNumaParameters,
                                       kDomainPMSuspendForDuration,
                                       kDomainPMWakeup,
                                       kConnectRegisterCloseCallback,
                                       kConnectUnregisterCloseCallback,
                                       kDomainGetPerfEvents,
                                       kDomainGetGuestVcpus,
                                       kDomainCheckpointCreateXML,
                                       kDomainStartDirtyRateCalc};
  for (const dispatch::Procedure& procedure : dispatch::procedures()) {
    for (std::size_t length = 0; length < 4; ++length) {
      const auto outcome = try_call(client_, procedure.number, Bytes(length));
      ASSERT_TRUE(outcome) << procedure.api;
      const bool is_deaf = std::find(deaf.begin(), deaf.end(), procedure.number) != deaf.end();
      if (!is_deaf) {
        EXPECT_EQ(outcome->error, kRpc) << procedure.api;
      }
    }
  }
  EXPECT_TRUE(driver_.calls.empty());
}

TEST_F(Connection, AnUnknownProcedureSaysSoInTheWordsThatClientsLookFor) {
  open();
  for (const std::int32_t number : {0, -1, kEvents[0], kNewest + 1, 2147483647}) {
    const Outcome outcome = call(number);
    EXPECT_EQ(outcome.error, kRpc);
    EXPECT_EQ(outcome.message.rfind("unknown procedure: " + std::to_string(number), 0), 0U);
  }
}

TEST_F(Connection, TellsTheFeaturesThatItHas) {
  EXPECT_EQ(call(kConnectSupportsFeature, Arguments().i32(10)).payload, Arguments().i32(1).bytes());
  EXPECT_TRUE(client_.keepalive);
  EXPECT_EQ(call(kConnectSupportsFeature, Arguments().i32(14)).error, kInternal)
      << "only feature 10 can be asked for before open";
  open();
  for (std::int32_t feature = -1; feature < 40; ++feature) {
    const bool there = feature == 8 || feature == 9 || feature == 10 || (feature >= 14 && feature <= 16);
    EXPECT_EQ(call(kConnectSupportsFeature, Arguments().i32(feature)).payload,
              Arguments().i32(there ? 1 : 0).bytes())
        << feature;
  }
}

TEST_F(Connection, IsNotPingedUnlessItAskedForFeature10) {
  open();
  call(kConnectSupportsFeature, Arguments().i32(14));
  EXPECT_FALSE(client_.keepalive);
}

TEST_F(Connection, CloseEndsIt) {
  open();
  EXPECT_FALSE(call(kConnectClose).error);
  EXPECT_TRUE(client_.closing);
}

TEST_F(Connection, ItsEndReachesTheDriver) {
  open();
  service_.closed(client_);
  EXPECT_EQ(driver_.closed_connections, (std::set<ConnectionId>{1}));
}

TEST_F(Connection, TellsWhatItIs) {
  open();
  EXPECT_EQ(call(kConnectGetType).payload, Arguments().text("SEV").bytes());
  EXPECT_EQ(call(kConnectGetLibVersion).payload, Arguments().u64(9000000).bytes());
  EXPECT_EQ(call(kConnectIsSecure).payload, Arguments().i32(1).bytes());
  int major = 0, minor = 0, micro = 0;
  ASSERT_EQ(std::sscanf(VIRTSEV_VERSION, "%d.%d.%d", &major, &minor, &micro), 3);
  EXPECT_EQ(call(kConnectGetVersion).payload,
            Arguments().u64(static_cast<std::uint64_t>(major) * 1000000 + minor * 1000 + micro).bytes());
}

TEST_F(Connection, AProxyMaySayForWhomItSpeaks) {
  open();
  EXPECT_FALSE(call(kConnectSetIdentity, Arguments().u32(1).text("user").i32(7).text("root").u32(0)).error);
}

}  // namespace
}  // namespace virtsev::daemon::test
