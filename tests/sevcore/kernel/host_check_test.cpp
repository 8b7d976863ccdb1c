// SPDX-License-Identifier: LGPL-2.1-or-later
// Which part of a host is at fault: against made-up processors and directories.
#include "sevcore/kernel/host_check.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace virtsev::sevcore {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr CpuidLeaf kAmd{0x10, 0x68747541, 0x444d4163, 0x69746e65};
constexpr CpuidLeaf kIntel{0x10, 0x756e6547, 0x6c65746e, 0x49656e69};
/// SME, SEV, SEV-ES, SEV-SNP; C-bit 51, 5 bits fewer; 509 guests, the first 99 of them SEV-ES.
constexpr CpuidLeaf kMilan{0x1001b, 51 | 5 << 6, 509, 100};

/// /dev/sev of a host: answers PLATFORM_STATUS alone.
class FakeDevice : public SevDevice {
 public:
  FakeDevice(const PlatformStatusArguments& status, Outcome outcome) : status_(status), outcome_(outcome) {}
  Outcome issue(PlatformCommand command, void* data) override {
    EXPECT_EQ(command, PlatformCommand::kPlatformStatus);
    *static_cast<PlatformStatusArguments*>(data) = status_;
    return outcome_;
  }
  [[nodiscard]] bool simulated() const override { return false; }

 private:
  PlatformStatusArguments status_;
  Outcome outcome_;
};

class HostCheckTest : public ::testing::Test {
 protected:
  HostCheckTest() {
    std::string pattern = (fs::temp_directory_path() / "virtsev-test-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    fs::create_directories(parameters());
    write(parameters() / "sev", "Y\n");
    write(parameters() / "sev_es", "Y\n");
    write(parameters() / "sev_snp", "Y\n");
    fs::create_directories(root_ / "dev");
    write(root_ / "dev" / "kvm", "");
    write(root_ / "dev" / "sev", "");
  }
  ~HostCheckTest() override { fs::remove_all(root_); }

  fs::path parameters() { return root_ / "sys/module/kvm_amd/parameters"; }
  static void write(const fs::path& path, const char* content) { std::ofstream(path) << content; }

  CpuidLeaf cpuid(std::uint32_t leaf) const {
    switch (leaf) {
      case 0:
        return vendor_;
      case 0x80000000:
        return CpuidLeaf{max_leaf_, 0, 0, 0};
      case 0x8000001f:
        return leaf_;
      default:
        return CpuidLeaf{};
    }
  }
  HostCheck check() {
    HostRoots roots;
    roots.sys = (root_ / "sys").string();
    roots.dev = (root_ / "dev").string();
    roots.cpuid = [this](std::uint32_t leaf) { return cpuid(leaf); };
    roots.kernel_release = [this] { return release_; };
    roots.memory_lock_limit = [this] { return memory_lock_limit_; };
    roots.open_sev = [this](const std::string& path) -> std::unique_ptr<SevDevice> {
      const auto opened = open_sev_device(path);
      return opened ? std::make_unique<FakeDevice>(status_, outcome_) : nullptr;
    };
    roots.ask_firmware = ask_firmware_;
    return check_host(roots);
  }
  static std::vector<HostPart> parts(const std::vector<HostFinding>& findings) {
    std::vector<HostPart> out;
    for (const HostFinding& finding : findings) {
      EXPECT_FALSE(finding.problem.empty());
      EXPECT_FALSE(finding.next_step.empty());
      out.push_back(finding.part);
    }
    return out;
  }

  fs::path root_;
  CpuidLeaf vendor_ = kAmd;
  std::uint32_t max_leaf_ = 0x80000021;
  CpuidLeaf leaf_ = kMilan;
  std::string release_ = "6.12.3-amd64";
  std::optional<std::uint64_t> memory_lock_limit_;
  PlatformStatusArguments status_ = {.api_major = 1,
                                     .api_minor = 55,
                                     .state = static_cast<std::uint8_t>(PlatformState::kInitialized),
                                     .flags = kPlatformEs,
                                     .build = 24,
                                     .guest_count = 3};
  Outcome outcome_;
  bool ask_firmware_ = true;
};

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
