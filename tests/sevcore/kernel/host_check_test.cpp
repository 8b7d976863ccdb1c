// SPDX-License-Identifier: LGPL-2.1-or-later
// Which part of a host is at fault: against made-up processors and directories.
#include "sevcore/kernel/host_check.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace virtsev::sevcore {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr CpuidLeaf kAmd{0x10, 0x68747541, 0x444d4163, 0x69746e65};
constexpr CpuidLeaf kIntel{0x10, 0x756e6547, 0x6c65746e, 0x49656e69};
/// SME, SEV, SEV-ES; C-bit 51, 5 bits fewer; 509 guests, the first 99 of them SEV-ES.
constexpr CpuidLeaf kMilan{0x1000b, 51 | 5 << 6, 509, 100};

class HostCheckTest : public ::testing::Test {
 protected:
  HostCheckTest() {
    std::string pattern = (fs::temp_directory_path() / "virtsev-test-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    fs::create_directories(parameters());
    fs::create_directories(root_ / "dev");
    write(parameters() / "sev", "Y\n");
    write(parameters() / "sev_es", "Y\n");
    write(root_ / "dev" / "kvm", "");
    write(root_ / "dev" / "sev", "");
  }
  ~HostCheckTest() override { fs::remove_all(root_); }

  fs::path parameters() { return root_ / "sys/module/kvm_amd/parameters"; }
  static void write(const fs::path& path, const char* content) { std::ofstream(path) << content; }

  HostCheck check() {
    return check_host({(root_ / "sys").string(), (root_ / "dev").string(), [this](std::uint32_t leaf) {
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
                       }});
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
};

TEST_F(HostCheckTest, FindsNothingOnAHostThatIsReady) {
  const HostCheck host = check();
  EXPECT_TRUE(host.sev_usable());
  EXPECT_TRUE(host.es_usable());
  EXPECT_EQ(host.cpu.c_bit_position, 51U);
  EXPECT_EQ(host.cpu.reduced_phys_bits, 5U);
  EXPECT_EQ(host.cpu.es_guests(), 99U);
  EXPECT_EQ(host.cpu.sev_guests(), 410U);
  EXPECT_FALSE(host.cpu.snp);
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
