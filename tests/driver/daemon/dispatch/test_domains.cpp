// SPDX-License-Identifier: LGPL-2.1-or-later
// Procedures about domains: what arrives at the driver, what goes back.
#include <map>

#include <libvirt/libvirt.h>

#include "tests/driver/daemon/dispatch/service_fixture.hpp"

namespace virtsev::daemon::test {
namespace {

class Domains : public ServiceTest {
 protected:
  void SetUp() override {
    driver_.add("alpha");
    driver_.add("beta");
    open();
    EXPECT_FALSE(call(9, Arguments().domain(kAlpha)).error);
  }
  static Bytes domain_bytes(const std::string& name, const Uuid& uuid, int id) {
    xdr::Encoder out;
    dispatch::put_domain(out, {name, uuid, id});
    return out.take();
  }
  const Uuid kAlpha = uuid_of(1), kBeta = uuid_of(2), kNone = uuid_of(99);
};

TEST_F(Domains, ADomainIsNameUuidAndIdOnTheWire) {
  EXPECT_EQ(domain_bytes("alpha", kAlpha, -1),
            (Bytes{0, 0, 0, 5, 'a', 'l', 'p', 'h', 'a', 0, 0, 0, 1,    1,    1,    1,
                   1, 1, 1, 1, 1,   1,   1,   1,   1,   1, 1, 1, 0xff, 0xff, 0xff, 0xff}));
}

TEST_F(Domains, AreFoundByNameUuidAndId) {
  EXPECT_EQ(call(23, Arguments().text("alpha")).payload, domain_bytes("alpha", kAlpha, 1));
  EXPECT_EQ(call(24, Arguments().uuid(kBeta)).payload, domain_bytes("beta", kBeta, -1));
  EXPECT_EQ(call(22, Arguments().i32(1)).payload, domain_bytes("alpha", kAlpha, 1));
  EXPECT_EQ(call(22, Arguments().i32(-1)).error, 42);
  const Outcome missing = call(23, Arguments().text("gamma"));
  EXPECT_EQ(missing.error, 42);
  EXPECT_EQ(missing.message, "Domain not found: no domain with matching name 'gamma'");
}

TEST_F(Domains, AreLookedUpByUuidAlone) {
  EXPECT_EQ(call(16, Arguments().domain(kNone)).error, 42);
  EXPECT_FALSE(call(16, Arguments().domain(kAlpha)).error);  // with a stale name and id
}

TEST_F(Domains, AreListedOrCounted) {
  const Outcome listed = call(273, Arguments().i32(1).u32(0));
  Bytes expected = Arguments().u32(2).bytes();
  for (const Bytes& part :
       {domain_bytes("alpha", kAlpha, 1), domain_bytes("beta", kBeta, -1), Arguments().u32(2).bytes()}) {
    expected.insert(expected.end(), part.begin(), part.end());
  }
  EXPECT_EQ(listed.payload, expected);
  EXPECT_EQ(call(273, Arguments().i32(0).u32(0)).payload, Arguments().u32(0).u32(2).bytes());
  EXPECT_EQ(call(273, Arguments().i32(0).u32(1)).payload, Arguments().u32(0).u32(1).bytes());
  EXPECT_EQ(call(273, Arguments().i32(0).u32(0x10000)).error, 8);
}

TEST_F(Domains, AreListedTheOldWay) {
  EXPECT_EQ(call(51).payload, Arguments().i32(1).bytes());
  EXPECT_EQ(call(25).payload, Arguments().i32(1).bytes());
  EXPECT_EQ(call(37, Arguments().i32(10)).payload, Arguments().u32(1).i32(1).bytes());
  EXPECT_EQ(call(37, Arguments().i32(0)).payload, Arguments().u32(0).bytes());
  EXPECT_EQ(call(21, Arguments().i32(10)).payload, Arguments().u32(1).text("beta").bytes());
  EXPECT_EQ(call(37, Arguments().i32(-1)).error, 39);
  EXPECT_EQ(call(21, Arguments().i32(16385)).error, 39);
}

TEST_F(Domains, TellTheirState) {
  EXPECT_EQ(call(212, Arguments().domain(kAlpha).u32(0)).payload, Arguments().i32(1).i32(1).bytes());
  EXPECT_EQ(call(150, Arguments().domain(kAlpha)).payload, Arguments().i32(1).bytes());
  EXPECT_EQ(call(150, Arguments().domain(kBeta)).payload, Arguments().i32(0).bytes());
  EXPECT_EQ(call(151, Arguments().domain(kBeta)).payload, Arguments().i32(1).bytes());
  EXPECT_EQ(call(212, Arguments().domain(kAlpha).u32(4)).error, 8);
  EXPECT_EQ(call(212, Arguments().domain(kAlpha).u32(4)).message,
            "unsupported flags (0x4) in function virDomainGetState");
}

TEST_F(Domains, TellTheirInformation) {
  EXPECT_EQ(call(16, Arguments().domain(kAlpha)).payload,
            Arguments().u32(1).u64(524288).u64(262144).u32(2).u64(1500000000).bytes());
  EXPECT_EQ(call(17, Arguments().domain(kAlpha)).payload, Arguments().u64(524288).bytes());
  EXPECT_EQ(call(18, Arguments().domain(kAlpha)).payload, Arguments().i32(2).bytes());
  EXPECT_EQ(call(19, Arguments().domain(kAlpha)).payload, Arguments().text("hvm").bytes());
  EXPECT_EQ(call(19, Arguments().domain(kNone)).error, 42);
}

TEST_F(Domains, TellTheirVcpusWithOneMapEach) {
  const Outcome outcome = call(20, Arguments().domain(kAlpha).i32(2).i32(1));
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
  EXPECT_EQ(call(20, Arguments().domain(kAlpha).i32(1).i32(0)).payload,
            Arguments().u32(1).u32(0).i32(1).u64(1000000000).i32(1).u32(0).bytes());
  EXPECT_EQ(call(20, Arguments().domain(kAlpha).i32(-1).i32(1)).error, 39);
  EXPECT_EQ(call(20, Arguments().domain(kAlpha).i32(16384).i32(8388608)).error, 39);
}

TEST_F(Domains, TellThatTheirVcpusMayRunAnywhereActiveOrNot) {
  for (const Uuid& domain : {kAlpha, kBeta}) {
    EXPECT_EQ(call(230, Arguments().domain(domain).i32(2).i32(1).u32(0)).payload,
              Arguments().u32(2).u32(0x0f0f0000).i32(2).bytes());
  }
  EXPECT_EQ(call(230, Arguments().domain(kAlpha).i32(1).i32(1).u32(0)).payload,
            Arguments().u32(1).u32(0x0f000000).i32(1).bytes());
  EXPECT_EQ(call(230, Arguments().domain(kAlpha).i32(-1).i32(1).u32(0)).error, 39);
  EXPECT_EQ(call(230, Arguments().domain(kAlpha).i32(16384).i32(8388608).u32(0)).error, 39);
  EXPECT_EQ(call(230, Arguments().domain(kAlpha).i32(1).i32(1).u32(4)).error, 8);
}

TEST_F(Domains, TellHowFarTheirLaunchIs) {
  constexpr std::uint64_t kGiB = 1ULL << 30;
  driver_.under_way = JobInfo{VIR_DOMAIN_JOB_OPERATION_START, 1500, 8 * kGiB, 3 * kGiB};
  Arguments info = Arguments().i32(VIR_DOMAIN_JOB_BOUNDED).u64(1500).u64(0);
  for (int i = 0; i < 2; ++i) {
    info.u64(8 * kGiB).u64(3 * kGiB).u64(5 * kGiB);
  }
  EXPECT_EQ(call(163, Arguments().domain(kAlpha)).payload, info.u64(0).u64(0).u64(0).bytes());

  const Bytes stats = call(298, Arguments().domain(kAlpha).u32(0)).payload;
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
  EXPECT_FALSE(call(164, Arguments().domain(kAlpha)).error);
  EXPECT_EQ(driver_.calls.back(), "abort_job");
}

TEST_F(Domains, HaveNoJobs) {
  const Bytes no_stats = Arguments().i32(VIR_DOMAIN_JOB_NONE).u32(0).bytes();
  EXPECT_EQ(call(298, Arguments().domain(kAlpha).u32(0)).payload, no_stats);
  EXPECT_EQ(call(298, Arguments().domain(kBeta).u32(VIR_DOMAIN_JOB_STATS_COMPLETED)).payload, no_stats);
  EXPECT_EQ(call(298, Arguments().domain(kBeta).u32(0)).error, 55);
  EXPECT_EQ(call(298, Arguments().domain(kAlpha).u32(4)).error, 8);

  Arguments none = Arguments().i32(0);
  for (int i = 0; i < 11; ++i) {
    none.u64(0);
  }
  EXPECT_EQ(call(163, Arguments().domain(kAlpha)).payload, none.bytes());
  EXPECT_EQ(call(164, Arguments().domain(kAlpha)).error, 55);
  EXPECT_EQ(call(163, Arguments().domain(kBeta)).error, 55);
}

TEST_F(Domains, CountTheirVcpus) {
  for (const std::uint32_t flags : {0U, 1U, 2U, 5U, 6U}) {
    EXPECT_EQ(call(200, Arguments().domain(kAlpha).u32(flags)).payload, Arguments().i32(2).bytes());
  }
  EXPECT_EQ(call(200, Arguments().domain(kBeta).u32(1)).error, 55);
  EXPECT_EQ(call(200, Arguments().domain(kAlpha).u32(8)).error, 3);
}

TEST_F(Domains, TellTheirMemoryUpToTheNumberAsked) {
  EXPECT_EQ(call(159, Arguments().domain(kAlpha).u32(10).u32(0)).payload,
            Arguments().u32(2).i32(6).u64(262144).i32(7).u64(12345).bytes());
  EXPECT_EQ(call(159, Arguments().domain(kAlpha).u32(1).u32(0)).payload,
            Arguments().u32(1).i32(6).u64(262144).bytes());
  EXPECT_EQ(call(159, Arguments().domain(kAlpha).u32(1025).u32(0)).error, 39);
}

TEST_F(Domains, LiveAndEnd) {
  EXPECT_FALSE(call(34, Arguments().domain(kAlpha)).error);
  EXPECT_EQ(driver_.state(kAlpha).state, VIR_DOMAIN_PAUSED);
  EXPECT_FALSE(call(28, Arguments().domain(kAlpha)).error);
  EXPECT_FALSE(call(27, Arguments().domain(kAlpha).u32(0)).error);
  EXPECT_FALSE(call(245, Arguments().domain(kAlpha).u32(0)).error);
  EXPECT_FALSE(call(33, Arguments().domain(kAlpha)).error);
  EXPECT_EQ(call(258, Arguments().domain(kAlpha).u32(0)).error, 55);
  EXPECT_EQ(call(196, Arguments().domain(kBeta).u32(1)).payload, domain_bytes("beta", kBeta, 2));
  EXPECT_FALSE(call(234, Arguments().domain(kBeta).u32(0)).error);
  EXPECT_EQ(call(12, Arguments().domain(kBeta)).error, 55);
  EXPECT_EQ(driver_.calls, (std::vector<std::string>{"start", "suspend", "resume", "reboot", "reset",
                                                     "shutdown", "shutdown", "start", "destroy", "destroy"}));
}

TEST_F(Domains, AreCreatedForTheirConnection) {
  const std::string xml = "<domain><name>guest</name></domain>";
  EXPECT_FALSE(call(10, Arguments().text(xml).u32(2)).error);  // autodestroy
  EXPECT_EQ(driver_.by_name("guest").owner, 1U);
  service_.closed(client_);
  EXPECT_EQ(call(23, Arguments().text("guest")).error, 42);
  EXPECT_FALSE(call(23, Arguments().text("alpha")).error);
}

TEST_F(Domains, AreDefinedRenamedAndUndefined) {
  const std::string xml =
      "<domain><name>guest</name><uuid>63636363-6363-6363-6363-636363636363</uuid></domain>";
  EXPECT_EQ(call(11, Arguments().text(xml)).payload, domain_bytes("guest", kNone, -1));
  EXPECT_EQ(call(350, Arguments().text(xml).u32(1)).payload, domain_bytes("guest", kNone, -1));
  EXPECT_EQ(call(14, Arguments().domain(kNone).u32(0)).payload, Arguments().text(xml).bytes());
  EXPECT_EQ(call(358, Arguments().domain(kNone).optional("other").u32(0)).payload,
            Arguments().i32(0).bytes());
  EXPECT_EQ(call(358, Arguments().domain(kNone).optional(std::nullopt).u32(0)).error, 8);
  EXPECT_FALSE(call(35, Arguments().domain(kNone)).error);
  EXPECT_EQ(call(231, Arguments().domain(kNone).u32(0)).error, 42);
  EXPECT_EQ(call(11, Arguments().text("nonsense")).error, 27);
}

TEST_F(Domains, KeepAutostartAndMetadata) {
  EXPECT_EQ(call(15, Arguments().domain(kAlpha)).payload, Arguments().i32(0).bytes());
  EXPECT_FALSE(call(29, Arguments().domain(kAlpha).i32(1)).error);
  EXPECT_EQ(call(15, Arguments().domain(kAlpha)).payload, Arguments().i32(1).bytes());
  EXPECT_EQ(call(265, Arguments().domain(kAlpha).i32(1).optional(std::nullopt).u32(0)).error, 80);
  EXPECT_FALSE(call(264, Arguments()
                             .domain(kAlpha)
                             .i32(1)
                             .optional("a title")
                             .optional(std::nullopt)
                             .optional(std::nullopt)
                             .u32(0))
                   .error);
  EXPECT_EQ(call(265, Arguments().domain(kAlpha).i32(1).optional(std::nullopt).u32(0)).payload,
            Arguments().text("a title").bytes());
}

TEST_F(Domains, TellMessagesByKind) {
  const Bytes taint = Arguments().u32(1).text("tainted: the policy lets the host read the guest").bytes();
  EXPECT_EQ(call(426, Arguments().domain(kAlpha).u32(0)).payload, taint);
  EXPECT_EQ(call(426, Arguments().domain(kAlpha).u32(2)).payload, taint);
  EXPECT_EQ(call(426, Arguments().domain(kAlpha).u32(1)).payload, Arguments().u32(0).bytes());
}

TEST_F(Domains, HaveNoSnapshotsNorSavedImages) {
  EXPECT_EQ(call(183, Arguments().domain(kAlpha).u32(0)).payload, Arguments().i32(0).bytes());
  EXPECT_EQ(call(187, Arguments().domain(kAlpha).u32(0)).payload, Arguments().i32(0).bytes());
  EXPECT_EQ(call(274, Arguments().domain(kAlpha).i32(1).u32(0)).payload, Arguments().u32(0).i32(0).bytes());
  EXPECT_EQ(call(274, Arguments().domain(kNone).i32(1).u32(0)).error, 42);
  EXPECT_EQ(call(121, Arguments().domain(kAlpha)).payload, Arguments().u32(1).i32(0).i32(0).bytes());
}

TEST_F(Domains, AreNotSavedOrPluggedIntoAndSayWhy) {
  for (const std::int32_t number : {8, 13, 26, 54, 55, 160, 161, 174, 182, 185, 225, 232, 233, 279}) {
    const Outcome outcome = call(number, Arguments().domain(kAlpha).u64(1));
    EXPECT_EQ(outcome.error, 3) << number;  // NO_SUPPORT: what tools take as "not implemented"
    EXPECT_GT(outcome.message.size(), 30U) << number;
  }
}

TEST_F(Domains, TellTheirControlChannelWhileActive) {
  EXPECT_EQ(call(229, Arguments().domain(kAlpha).u32(0)).payload,
            Arguments().u32(VIR_DOMAIN_CONTROL_OCCUPIED).u32(0).u64(2500).bytes());
  EXPECT_EQ(call(229, Arguments().domain(kBeta).u32(0)).error, 55);
}

TEST_F(Domains, GiveTheirMemoryInOnePiece) {
  EXPECT_EQ(call(104, Arguments().domain(kAlpha).u64(0x1001).u32(3).u32(VIR_MEMORY_PHYSICAL)).payload,
            Arguments().text("\1\2\3").bytes());
  EXPECT_EQ(call(104, Arguments().domain(kAlpha).u64(0).u32(0).u32(VIR_MEMORY_PHYSICAL)).payload,
            Arguments().u32(0).bytes())
      << "a size of 0 asks whether it would succeed";
  EXPECT_EQ(
      call(104, Arguments().domain(kAlpha).u64(0).u32(4U << 20).u32(VIR_MEMORY_PHYSICAL)).payload.size(),
      (4U << 20) + 4);
}

TEST_F(Domains, RefuseToGiveMoreMemoryThanAMessageHolds) {
  driver_.calls.clear();
  EXPECT_EQ(call(104, Arguments().domain(kAlpha).u64(0).u32((4U << 20) + 1).u32(VIR_MEMORY_PHYSICAL)).error,
            39);
  EXPECT_EQ(call(104, Arguments().domain(kAlpha).u64(0).u32(0xffffffff).u32(VIR_MEMORY_PHYSICAL)).error, 39);
  EXPECT_TRUE(driver_.calls.empty());
}

TEST_F(Domains, RefuseTheirMemoryWhereTheDriverDoesOrNobodyMayWrite) {
  EXPECT_EQ(call(104, Arguments().domain(kAlpha).u64(0).u32(1).u32(VIR_MEMORY_VIRTUAL)).error, 84);
  EXPECT_EQ(call(104, Arguments().domain(kBeta).u64(0).u32(1).u32(VIR_MEMORY_PHYSICAL)).error, 55);
  FakeClient read_only;
  open(read_only, "sev:///system", VIR_CONNECT_RO);
  EXPECT_EQ(call(read_only, 104, Arguments().domain(kAlpha).u64(0).u32(1).u32(VIR_MEMORY_PHYSICAL)).error,
            29);
}

TEST_F(Domains, AreDumpedWithOrWithoutAFormat) {
  driver_.calls.clear();
  EXPECT_TRUE(call(53, Arguments().domain(kAlpha).text("/tmp/core").u32(18)).payload.empty());
  EXPECT_FALSE(call(334, Arguments().domain(kAlpha).text("/tmp/core").u32(3).u32(16)).error);
  EXPECT_EQ(driver_.calls,
            (std::vector<std::string>{"core_dump /tmp/core 0 18", "core_dump /tmp/core 3 16"}));
  EXPECT_EQ(call(334, Arguments().domain(kBeta).text("/tmp/core").u32(0).u32(16)).error, 55);
}

TEST_F(Domains, AreNotDumpedByReadersOrByHalfACall) {
  driver_.calls.clear();
  FakeClient read_only;
  open(read_only, "sev:///system", VIR_CONNECT_RO);
  EXPECT_EQ(call(read_only, 53, Arguments().domain(kAlpha).text("/tmp/core").u32(16)).error, 29);
  EXPECT_EQ(call(read_only, 334, Arguments().domain(kAlpha).text("/tmp/core").u32(0).u32(16)).error, 29);
  EXPECT_EQ(call(53, Arguments().domain(kAlpha).text("/tmp/core")).error, 39);
  EXPECT_EQ(call(334, Arguments().domain(kAlpha).text("/tmp/core").u32(16)).error, 39);
  EXPECT_EQ(call(53, Arguments().domain(kAlpha).text(std::string("/tmp/\0core", 10)).u32(16)).error, 39);
  EXPECT_TRUE(driver_.calls.empty());
}

TEST_F(Domains, TellStatisticsOfAllOrOfSome) {
  const Outcome all = call(344, Arguments().u32(0).u32(0).u32(0));
  ASSERT_FALSE(all.error);
  EXPECT_EQ(ByteView(all.payload)[3], 2);
  const Outcome one = call(344, Arguments().u32(2).domain(kAlpha).domain(kAlpha).u32(0).u32(0));
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
  EXPECT_EQ(call(344, Arguments().u32(1).domain(kNone).u32(0).u32(0)).error, 42);
  EXPECT_EQ(call(344, Arguments().u32(0).u32(32).u32(0x80000000)).error, 74);
  EXPECT_FALSE(call(344, Arguments().u32(0).u32(15).u32(0x80000000)).error);
  EXPECT_EQ(call(344, Arguments().u32(16385).u32(0).u32(0)).error, 39);
  EXPECT_EQ(driver_.calls.back(), "statistics");
  EXPECT_FALSE(call(344, Arguments().u32(0).u32(0).u32(0x20000000)).error);
  EXPECT_EQ(driver_.calls.back(), "statistics at once");
}

TEST_F(Domains, ACallThatWaitsDoesNotStopOthers) {
  driver_.hold = true;
  EXPECT_FALSE(try_call(client_, 34, Arguments().domain(kAlpha).bytes()));
  EXPECT_FALSE(call(16, Arguments().domain(kAlpha)).error);
  driver_.release();
  io_.restart();
  io_.poll();
  EXPECT_EQ(driver_.state(kAlpha).state, VIR_DOMAIN_PAUSED);
}

TEST_F(Domains, SingleSettingsReachTheDriverWithTheFlagsThatTheOldCallsMean) {
  driver_.calls.clear();
  EXPECT_FALSE(call(30, Arguments().domain(kBeta).u64(200'000)).error);
  EXPECT_FALSE(call(31, Arguments().domain(kBeta).u64(100'000)).error);
  EXPECT_FALSE(call(204, Arguments().domain(kBeta).u64(1ULL << 40).u32(VIR_DOMAIN_AFFECT_CONFIG)).error);
  EXPECT_FALSE(call(32, Arguments().domain(kBeta).u32(3)).error);
  EXPECT_FALSE(call(199, Arguments().domain(kBeta).u32(4).u32(6)).error);
  EXPECT_FALSE(call(390, Arguments().domain(kBeta).u32(1).u32(3).u32(2)).error);
  EXPECT_EQ(driver_.calls,
            (std::vector<std::string>{"set_memory beta 200000 4", "set_memory beta 100000 1",
                                      "set_memory beta 1099511627776 2", "set_vcpus beta 3 1",
                                      "set_vcpus beta 4 6", "set_lifecycle_action beta 1 3 2"}));
  EXPECT_EQ(call(199, Arguments().domain(kBeta).u32(4)).error, 39);
  EXPECT_EQ(call(390, Arguments().domain(kNone).u32(1).u32(3).u32(2)).error, 42);
}

}  // namespace
}  // namespace virtsev::daemon::test
