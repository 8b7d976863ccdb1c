// SPDX-License-Identifier: LGPL-2.1-or-later
// Procedures about the host and its SEV platform, and the lists that are empty.
#include <libvirt/libvirt.h>

#include "driver/daemon/dispatch/procedures.hpp"
#include "tests/driver/daemon/dispatch/service_fixture.hpp"

namespace virtsev::daemon::test {
namespace {

class Host : public ServiceTest {
 protected:
  void SetUp() override { open(); }
};

TEST_F(Host, TellsItsNameAndCapabilities) {
  EXPECT_EQ(call(kConnectGetHostname).payload, Arguments().text("fake.example").bytes());
  EXPECT_EQ(call(kConnectGetCapabilities).payload, Arguments().text(driver_.capabilities()).bytes());
  const std::optional<std::string> none;
  EXPECT_FALSE(call(kConnectGetDomainCapabilities,
                    Arguments().optional(none).optional(none).optional(none).optional("kvm").u32(0))
                   .error);
  EXPECT_EQ(call(kConnectGetDomainCapabilities,
                 Arguments().optional(none).optional(none).optional(none).optional("xen").u32(0))
                .error,
            kInvalidArgument);
  EXPECT_EQ(call(kConnectGetDomainCapabilities,
                 Arguments().optional(none).optional(none).optional(none).optional(none).u32(1))
                .error,
            kInvalidArgument);
  EXPECT_EQ(call(kConnectGetMaxVcpus, Arguments().optional("kvm")).payload, Arguments().i32(64).bytes());
}

TEST_F(Host, ACharacterTakesFourBytes) {
  const Bytes payload = call(kNodeGetInfo).payload;
  ASSERT_EQ(payload.size(), 160U);  // 32 of them, a u64, six i32
  EXPECT_EQ(ByteView(payload)[3], 'x');
  EXPECT_EQ(ByteView(payload)[7], '8');
  EXPECT_EQ(Bytes(payload.begin() + 6 * 4, payload.begin() + 32 * 4), Bytes(26 * 4));
  EXPECT_EQ(Bytes(payload.begin() + 128, payload.end()),
            Arguments().u64(8192).i32(4).i32(2000).i32(1).i32(1).i32(4).i32(1).bytes());
}

TEST_F(Host, ALongModelNameKeepsItsTerminator) {
  xdr::Encoder out;
  dispatch::put_fixed_chars(out, std::string(100, 'm'), 32);
  ASSERT_EQ(out.size(), 128U);
  EXPECT_EQ(out.bytes()[123], 'm');
  EXPECT_EQ(out.bytes()[127], 0);
}

TEST_F(Host, TellsItsCpusAsAsked) {
  EXPECT_EQ(call(kNodeGetCPUMap, Arguments().i32(1).i32(1).u32(0)).payload,
            Arguments().u32(1).u32(0x0f000000).u32(4).i32(4).bytes());
  EXPECT_EQ(call(kNodeGetCPUMap, Arguments().i32(0).i32(0).u32(0)).payload,
            Arguments().u32(0).u32(0).i32(4).bytes());
}

TEST_F(Host, TellsItsFreeMemory) {
  EXPECT_EQ(call(kNodeGetFreeMemory).payload.size(), 8U);
  EXPECT_EQ(call(kNodeGetCellsFreeMemory, Arguments().i32(0).i32(8)).payload.size(), 12U);
  EXPECT_EQ(call(kNodeGetCellsFreeMemory, Arguments().i32(1).i32(1)).error, kInvalidArgument);
  EXPECT_EQ(call(kNodeGetCellsFreeMemory, Arguments().i32(0).i32(-1)).error, kRpc);
}

TEST_F(Host, TellsItsSevPlatformWhateverNumberIsAsked) {
  const Bytes all = Arguments()
                        .u32(6)
                        .text("pdh")
                        .i32(7)
                        .text("cGRo")
                        .text("cert-chain")
                        .i32(7)
                        .text("Y2hhaW4=")
                        .text("cbitpos")
                        .i32(2)
                        .u32(51)
                        .text("reduced-phys-bits")
                        .i32(2)
                        .u32(1)
                        .text("max-guests")
                        .i32(2)
                        .u32(410)
                        .text("max-es-guests")
                        .i32(2)
                        .u32(99)
                        .i32(6)
                        .bytes();
  for (const std::int32_t garbage : {0, -559038737, 0x7fffffff}) {
    EXPECT_EQ(call(kNodeGetSEVInfo, Arguments().i32(garbage).u32(4)).payload, all);
  }
}

TEST_F(Host, LeavesStringsOutForClientsThatCannotTakeThem) {
  EXPECT_EQ(call(kNodeGetSEVInfo, Arguments().i32(0).u32(0)).payload, Arguments()
                                                                          .u32(4)
                                                                          .text("cbitpos")
                                                                          .i32(2)
                                                                          .u32(51)
                                                                          .text("reduced-phys-bits")
                                                                          .i32(2)
                                                                          .u32(1)
                                                                          .text("max-guests")
                                                                          .i32(2)
                                                                          .u32(410)
                                                                          .text("max-es-guests")
                                                                          .i32(2)
                                                                          .u32(99)
                                                                          .i32(4)
                                                                          .bytes());
}

TEST_F(Host, HasNoNetworksPoolsDevicesOrSecrets) {
  for (const std::int32_t number :
       {kConnectListDefinedNetworks, kConnectListNetworks, kConnectListStoragePools,
        kConnectListDefinedStoragePools, kNodeListDevices, kConnectListInterfaces,
        kConnectListDefinedInterfaces, kConnectListSecrets}) {
    EXPECT_EQ(call(number, Arguments().i32(10)).payload, Arguments().u32(0).bytes()) << number;
  }
  for (const std::int32_t number :
       {kConnectNumOfDefinedNetworks, kConnectNumOfNetworks, kConnectNumOfStoragePools,
        kConnectNumOfDefinedStoragePools, kNodeNumOfDevices, kConnectNumOfInterfaces,
        kConnectNumOfDefinedInterfaces, kConnectNumOfSecrets}) {
    EXPECT_EQ(call(number).payload, Arguments().i32(0).bytes()) << number;
  }
  for (const std::int32_t number :
       {kConnectListAllStoragePools, kConnectListAllNetworks, kConnectListAllInterfaces,
        kConnectListAllNodeDevices, kConnectListAllNWFilters, kConnectListAllSecrets,
        kConnectListAllNWFilterBindings}) {
    // An empty list would tell virt-install that there is storage, where nothing can be made.
    const Outcome outcome = call(number, Arguments().i32(1).u32(0));
    EXPECT_EQ(outcome.error, kNoSupport) << number;
    EXPECT_NE(outcome.message.find(dispatch::find_procedure(number)->api), std::string::npos);
  }
  EXPECT_EQ(call(kNodeGetSecurityModel).error, kNoSupport);
  EXPECT_EQ(call(kConnectNumOfNWFilters).error, kNoSupport);
}

TEST_F(Host, ListsOfNothingStillKnowTheirFilters) {
  const Uuid guest = driver_.add("guest").uuid;
  EXPECT_FALSE(call(kDomainListAllCheckpoints, Arguments().domain(guest).i32(1).u32(0xf)).error);
  EXPECT_EQ(call(kDomainListAllCheckpoints, Arguments().domain(guest).i32(1).u32(0x10)).error,
            kInvalidArgument);
  EXPECT_FALSE(call(kDomainSnapshotNum, Arguments().domain(guest).u32(0x7ff)).error);
  EXPECT_FALSE(call(kDomainListAllSnapshots, Arguments().domain(guest).i32(1).u32(0x7ff)).error);
  EXPECT_EQ(call(kDomainHasManagedSaveImage, Arguments().domain(guest).u32(1)).message,
            "unsupported flags (0x1) in function virDomainHasManagedSaveImage");
  EXPECT_EQ(call(kDomainSnapshotNum, Arguments().domain(guest).u32(0x800)).error, kInvalidArgument);
  EXPECT_EQ(call(kDomainListAllSnapshots, Arguments().domain(guest).i32(1).u32(0x800)).error,
            kInvalidArgument);
}

TEST_F(Host, ListsOfWhatAGuestHasNoneOfAreEmpty) {
  const Uuid guest = driver_.add("guest").uuid;
  const Bytes none = Arguments().u32(0).bytes();
  const Bytes none_and_count = Arguments().u32(0).u32(0).bytes();
  EXPECT_EQ(call(kDomainSnapshotListNames, Arguments().domain(guest).i32(10).u32(0)).payload, none);
  EXPECT_EQ(call(kDomainHasCurrentSnapshot, Arguments().domain(guest).u32(0)).payload, none);
  EXPECT_EQ(call(kDomainListAllSnapshots, Arguments().domain(guest).i32(1).u32(0)).payload, none_and_count);
  EXPECT_EQ(call(kDomainListAllCheckpoints, Arguments().domain(guest).i32(1).u32(0)).payload, none_and_count);
  EXPECT_EQ(call(kDomainGetIOThreadInfo, Arguments().domain(guest).u32(0)).payload, none_and_count);
  EXPECT_EQ(call(kDomainGetSecurityLabelList, Arguments().domain(guest)).payload, none_and_count);
  for (const Outcome& inactive :
       {call(kDomainGetDiskErrors, Arguments().domain(guest).u32(0).u32(0)),
        call(kDomainInterfaceAddresses, Arguments().domain(guest).u32(0).u32(0)),
        call(kDomainGetIOThreadInfo, Arguments().domain(guest).u32(VIR_DOMAIN_AFFECT_LIVE)),
        call(kDomainGetCPUStats, Arguments().domain(guest).u32(0).i32(-1).u32(1).u32(0))}) {
    EXPECT_EQ(inactive.error, kOperationInvalid) << inactive.message;
  }
  EXPECT_FALSE(call(kDomainCreateWithFlags, Arguments().domain(guest).u32(0)).error);
  EXPECT_EQ(call(kDomainGetDiskErrors, Arguments().domain(guest).u32(0).u32(0)).payload, none_and_count);
  EXPECT_EQ(call(kDomainInterfaceAddresses, Arguments().domain(guest).u32(0).u32(0)).payload, none);
  for (const std::int32_t number : {kDomainSnapshotListNames, kDomainGetDiskErrors,
                                    kDomainGetSecurityLabelList, kDomainInterfaceAddresses}) {
    EXPECT_EQ(call(number, Arguments().domain(uuid_of(9)).u32(0).u32(0)).error, kNoDomain) << number;
  }
}

TEST_F(Host, ACpusStatisticsAreTheTotalAlone) {
  const Uuid guest = driver_.add("guest").uuid;
  EXPECT_FALSE(call(kDomainCreateWithFlags, Arguments().domain(guest).u32(0)).error);
  const auto ask = [&](std::uint32_t most, std::int32_t first, std::uint32_t cpus) {
    return call(kDomainGetCPUStats, Arguments().domain(guest).u32(most).i32(first).u32(cpus).u32(0)).payload;
  };
  const auto cpus = driver_.node_cpu_map().cpus;
  EXPECT_EQ(ask(0, 0, 0), Arguments().u32(0).i32(cpus).bytes()) << "how many CPUs";
  EXPECT_EQ(ask(0, 0, 1), Arguments().u32(0).i32(0).bytes()) << "how many statistics of each";
  EXPECT_EQ(ask(0, -1, 1), Arguments().u32(0).i32(1).bytes()) << "how many of all together";
  const Bytes total = ask(1, -1, 1);
  xdr::Decoder in(total);
  const auto statistics = dispatch::get_typed_parameters(in, 1);
  ASSERT_EQ(statistics.size(), 1U);
  EXPECT_EQ(statistics[0].field, "cpu_time");
  EXPECT_TRUE(std::holds_alternative<std::uint64_t>(statistics[0].value));
  EXPECT_EQ(in.get_int32(), 1);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(call(kDomainGetCPUStats, Arguments().domain(guest).u32(0xffffffff).i32(-1).u32(0xffffffff).u32(0))
                .error,
            kRpc);
}

TEST_F(Host, TypedParametersOfEveryTypeAreReadBack) {
  const std::vector<TypedParameter> all{{"i", std::int32_t{-1}},
                                        {"u", std::uint32_t{2}},
                                        {"l", std::int64_t{-3}},
                                        {"ul", std::uint64_t{4}},
                                        {"d", 0.5},
                                        {"b", true},
                                        {"s", std::string("six")}};
  xdr::Encoder out;
  EXPECT_EQ(dispatch::put_typed_parameters(out, all, true), 7U);
  xdr::Decoder in(out.bytes());
  const auto read = dispatch::get_typed_parameters(in, 7);
  EXPECT_TRUE(in.ok());
  ASSERT_EQ(read.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(read[i].field, all[i].field);
    EXPECT_EQ(read[i].value, all[i].value);
  }
  xdr::Decoder too_many(out.bytes());
  dispatch::get_typed_parameters(too_many, 6);
  EXPECT_FALSE(too_many.ok());
}

TEST_F(Host, ATypedParameterOfUnknownTypeIsMalformed) {
  const Bytes bytes = Arguments().u32(1).text("x").i32(8).u64(0).bytes();
  xdr::Decoder in(bytes);
  dispatch::get_typed_parameters(in, 10);
  EXPECT_FALSE(in.ok());
}

TEST_F(Host, AMeasurementIsReadAndASecretHandedOver) {
  driver_.add("guest");
  EXPECT_EQ(call(kDomainGetLaunchSecurityInfo, Arguments().domain(uuid_of(1)).u32(4)).error,
            kOperationInvalid);
  EXPECT_FALSE(call(kDomainCreateWithFlags, Arguments().domain(uuid_of(1)).u32(1)).error);
  EXPECT_EQ(call(kDomainGetLaunchSecurityInfo, Arguments().domain(uuid_of(1)).u32(4)).payload,
            Arguments()
                .u32(5)
                .text("sev-measurement")
                .i32(7)
                .text("bWVhc3VyZW1lbnQ=")
                .text("sev-api-major")
                .i32(2)
                .u32(1)
                .text("sev-api-minor")
                .i32(2)
                .u32(55)
                .text("sev-build-id")
                .i32(2)
                .u32(24)
                .text("sev-policy")
                .i32(2)
                .u32(5)
                .bytes());
  EXPECT_FALSE(call(kDomainSetLaunchSecurityState, Arguments()
                                                       .domain(uuid_of(1))
                                                       .u32(2)
                                                       .text("sev-secret")
                                                       .i32(7)
                                                       .text("c2VjcmV0")
                                                       .text("sev-secret-set-address")
                                                       .i32(4)
                                                       .u64(0x1000)
                                                       .u32(0))
                   .error);
  const auto& secret = driver_.by_name("guest").secret;
  ASSERT_EQ(secret.size(), 2U);
  EXPECT_EQ(secret[0].field, "sev-secret");
  EXPECT_EQ(std::get<std::string>(secret[0].value), "c2VjcmV0");
  EXPECT_EQ(std::get<std::uint64_t>(secret[1].value), 0x1000U);
}

}  // namespace
}  // namespace virtsev::daemon::test
