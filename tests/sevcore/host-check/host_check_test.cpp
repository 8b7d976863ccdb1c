// SPDX-License-Identifier: LGPL-2.1-or-later
// Which part of a host is at fault: against made-up processors and directories.
#include <set>

#include <sys/resource.h>

#include "tests/sevcore/host-check/host_check_fixture.hpp"

namespace virtsev::sevcore {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(HostCheckTest, FindsNothingOnAHostThatIsReady) {
  const HostCheck host = check();
  EXPECT_TRUE(host.sev_usable());
  EXPECT_TRUE(host.es_usable());
  EXPECT_EQ(host.cpu.c_bit_position, 51U);
  EXPECT_EQ(host.cpu.es_guests(), 99U);
  EXPECT_EQ(host.cpu.sev_guests(), 410U);
  EXPECT_TRUE(host.snp_usable());
  ASSERT_TRUE(host.platform);
  EXPECT_EQ(host.platform->api_minor, 55);
  EXPECT_EQ(host.platform->guest_count, 3U);
}

TEST_F(HostCheckTest, SnpIsForInformationAndHoldsNothingElseUp) {
  write(parameters() / "sev_snp", "N\n");
  EXPECT_TRUE(check().es_usable());
  EXPECT_THAT(parts(check().snp), ElementsAre(HostPart::kKernelModule));
  EXPECT_THAT(describe(check().snp), HasSubstr("BIOS"));
  leaf_.eax = 0x1000b;
  fs::remove(parameters() / "sev_snp");
  EXPECT_THAT(parts(check().snp), ElementsAre(HostPart::kCpu, HostPart::kKernelModule));
  EXPECT_TRUE(check().es_usable());
}

TEST_F(HostCheckTest, BlamesAKernelThatIsTooOldForEachKind) {
  release_ = "6.1.0-18-amd64";
  EXPECT_THAT(parts(check().snp), ElementsAre(HostPart::kKernel));
  EXPECT_TRUE(check().es_usable());
  release_ = "5.10.0";
  EXPECT_THAT(parts(check().es), ElementsAre(HostPart::kKernel));
  EXPECT_THAT(describe(check().es), HasSubstr("5.11"));
  EXPECT_TRUE(check().sev_usable());
  release_ = "4.15";
  EXPECT_THAT(parts(check().sev), ElementsAre(HostPart::kKernel));
}

TEST_F(HostCheckTest, MakesNothingOfAReleaseThatIsNoVersion) {
  for (const char* release : {"", "next", "6", "6.", "6.x"}) {
    release_ = release;
    EXPECT_TRUE(check().sev_usable()) << release;
  }
}

TEST_F(HostCheckTest, BlamesAFirmwareWhoseLaunchesCanNotBeVerified) {
  status_.api_major = 0;
  status_.api_minor = 16;
  EXPECT_THAT(parts(check().sev), ElementsAre(HostPart::kFirmware));
  EXPECT_THAT(describe(check().sev), HasSubstr("API 0.16, build 24"));
  EXPECT_THAT(describe(check().sev), HasSubstr("0.17"));
  status_.api_minor = 17;
  EXPECT_TRUE(check().sev_usable());
}

TEST_F(HostCheckTest, BlamesAFirmwareThatWasInitialisedWithoutSevEs) {
  status_.flags = kPlatformOwned;
  EXPECT_TRUE(check().sev_usable());
  EXPECT_THAT(parts(check().es), ElementsAre(HostPart::kFirmware));
  EXPECT_TRUE(check().platform->externally_owned);
  status_.state = static_cast<std::uint8_t>(PlatformState::kUninitialized);
  EXPECT_TRUE(check().es_usable()) << "it is initialised at its first use";
}

TEST_F(HostCheckTest, SaysThatTheSecurityProcessorIsDead) {
  for (const int error : {EBUSY, ETIMEDOUT, ENODEV}) {
    outcome_ = {error, 0};
    EXPECT_THAT(parts(check().sev), ElementsAre(HostPart::kFirmware)) << error;
    EXPECT_THAT(describe(check().sev), HasSubstr("stopped answering")) << error;
    EXPECT_FALSE(check().platform);
  }
  outcome_ = {EIO, static_cast<std::uint32_t>(FirmwareStatus::kSecureDataInvalid)};
  EXPECT_THAT(describe(check().sev), HasSubstr("stored keys are damaged"));
}

TEST_F(HostCheckTest, LeavesAFirmwareAloneThatMayBeBusy) {
  outcome_ = {EBUSY, 0};
  ask_firmware_ = false;
  EXPECT_TRUE(check().sev_usable());
  EXPECT_FALSE(check().platform);
}

TEST_F(HostCheckTest, BlamesALimitOnLockedMemoryThatNoGuestFitsInto) {
  memory_lock_limit_ = 8ULL << 20;
  EXPECT_THAT(parts(check().sev), ElementsAre(HostPart::kMemoryLock));
  EXPECT_THAT(describe(check().sev), HasSubstr("8 MiB"));
  memory_lock_limit_ = 128ULL << 20;
  EXPECT_THAT(parts(check().sev), ElementsAre(HostPart::kMemoryLock)) << "a launch pins 2 MiB on top";
  memory_lock_limit_ = 130ULL << 20;
  EXPECT_TRUE(check().sev_usable());
  memory_lock_limit_ = 4ULL << 30;
  EXPECT_TRUE(check().sev_usable());
  EXPECT_EQ(check().memory_lock_limit, 4ULL << 30);
}

TEST_F(HostCheckTest, NamesEveryPartForScripts) {
  std::set<std::string_view> names;
  for (unsigned part = 0; part <= static_cast<unsigned>(HostPart::kMemoryLock); ++part) {
    names.insert(name_of(static_cast<HostPart>(part)));
  }
  EXPECT_EQ(names.size(), 8U);
  EXPECT_FALSE(names.contains("?"));
}

/// This process's own limit, looked at by a child that is no root and has another.
TEST_F(HostCheckTest, ReadsTheLimitOnLockedMemoryOfAnOrdinaryUser) {
  const rlimit limit{4096, 8192};  // No more than any host has, so that this process may set it
  EXPECT_EXIT(
      {
        constexpr uid_t kNobody = 65534;
        const bool set = ::setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
        const bool changed = ::geteuid() != 0 || ::setresuid(kNobody, kNobody, kNobody) == 0;
        ::_exit(set && changed && sevcore::memory_lock_limit() == 8192U ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(HostCheckTest, BlamesTheProcessorAloneWhereItIsNotFromAmd) {
  vendor_ = kIntel;
  fs::remove_all(root_ / "sys");
  const HostCheck host = check();
  EXPECT_THAT(parts(host.sev), ElementsAre(HostPart::kCpu));
  EXPECT_THAT(parts(host.es), ElementsAre(HostPart::kCpu));
  EXPECT_THAT(describe(host.sev), HasSubstr("not from AMD"));
  EXPECT_EQ(host.cpu.sev_guests(), 0U);
}

TEST_F(HostCheckTest, BlamesTheProcessorWhereItHasNoSev) {
  leaf_.eax = 0;
  EXPECT_THAT(parts(check().sev), ElementsAre(HostPart::kCpu));
  leaf_ = kMilan;
  max_leaf_ = 0x8000001e;
  EXPECT_THAT(parts(check().sev), ElementsAre(HostPart::kCpu));
}

TEST_F(HostCheckTest, BlamesTheProcessorForEsAloneWhereItHasOnlySev) {
  leaf_.eax = 3;
  const HostCheck host = check();
  EXPECT_TRUE(host.sev_usable());
  EXPECT_THAT(parts(host.es), ElementsAre(HostPart::kCpu));
}

TEST_F(HostCheckTest, BlamesTheBiosWhereAPoolOfAsidsIsEmpty) {
  leaf_.edx = 1;
  EXPECT_TRUE(check().sev_usable());
  EXPECT_THAT(parts(check().es), ElementsAre(HostPart::kBios));
  leaf_.edx = 510;
  EXPECT_THAT(parts(check().sev), ElementsAre(HostPart::kBios));
}

TEST_F(HostCheckTest, BlamesTheKernelModuleWhereItIsNotLoadedOrAParameterIsOff) {
  write(parameters() / "sev_es", "N\n");
  EXPECT_TRUE(check().sev_usable());
  EXPECT_THAT(parts(check().es), ElementsAre(HostPart::kKernelModule));
  EXPECT_THAT(describe(check().es), HasSubstr("sev_es"));

  write(parameters() / "sev", "0\n");
  EXPECT_THAT(parts(check().sev), ElementsAre(HostPart::kKernelModule));
  EXPECT_THAT(parts(check().es), ElementsAre(HostPart::kKernelModule, HostPart::kKernelModule));

  fs::remove_all(root_ / "sys/module/kvm_amd");
  EXPECT_THAT(parts(check().es), ElementsAre(HostPart::kKernelModule));
  EXPECT_THAT(describe(check().es), HasSubstr("not loaded"));
}

TEST_F(HostCheckTest, BlamesEachDeviceThatIsMissing) {
  fs::remove(root_ / "dev" / "sev");
  EXPECT_THAT(parts(check().sev), ElementsAre(HostPart::kSevDevice));
  fs::remove(root_ / "dev" / "kvm");
  EXPECT_THAT(parts(check().es), ElementsAre(HostPart::kKvmDevice, HostPart::kSevDevice));
}

TEST_F(HostCheckTest, SaysSoWhereADeviceCantBeOpened) {
  fs::permissions(root_, fs::perms::all);
  fs::permissions(root_ / "dev" / "sev", fs::perms::none);
  // Root may open everything, so a child looks with another user's eyes.
  EXPECT_EXIT(
      {
        constexpr uid_t kNobody = 65534;
        const bool changed = ::geteuid() != 0 || ::setresuid(kNobody, kNobody, kNobody) == 0;
        const std::string text = describe(check().sev);
        ::_exit(changed && text.find("sev can't be opened: permission denied") != std::string::npos ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(HostCheckTest, ReadsThisMachinesProcessorWithoutHarm) {
  const CpuFacts cpu = read_cpu_facts();
  EXPECT_TRUE(cpu.amd || !cpu.sev);
}

}  // namespace
}  // namespace virtsev::sevcore
