// SPDX-License-Identifier: LGPL-2.1-or-later
// What SEV-SNP does to SEV-ES guests, and how many guests there can be: of made-up hosts.
#include "tests/sevcore/host-check/host_check_fixture.hpp"

namespace virtsev::sevcore {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(HostCheckTest, BlamesFirmwareThatRunsNoSevEsGuestsWhileSnpIsInitialised) {
  initialize_snp(0xdb1b000000000004);  // Microcode 219, SNP 27, boot loader 4
  const HostCheck host = check();
  EXPECT_TRUE(host.sev_usable());
  EXPECT_THAT(parts(host.es), ElementsAre(HostPart::kFirmware));
  EXPECT_THAT(describe(host.es), HasSubstr("runs no SEV-ES guests while SEV-SNP is initialised"));
  EXPECT_THAT(describe(host.es), HasSubstr("security version is 27"));
  EXPECT_THAT(describe(host.es), HasSubstr("sev=nosnp (Linux 6.13 and later"));
  EXPECT_THAT(describe(host.es), Not(HasSubstr("update")));
}

TEST_F(HostCheckTest, LetsSevEsBeWhereFirmwareStillRunsItBesideSnp) {
  initialize_snp(0xdb19000000000004);  // SNP 25
  EXPECT_TRUE(check().es_usable());
  ASSERT_TRUE(check().snp_status);
  EXPECT_TRUE(check().snp_status->initialized);
  initialize_snp(0xdb1b000000000004);
  snp_->state = 0;
  EXPECT_TRUE(check().es_usable()) << "SNP is not initialised";
  snp_.reset();
  EXPECT_TRUE(check().es_usable()) << "the kernel knows no SNP";
  EXPECT_FALSE(check().snp_status);
}

TEST_F(HostCheckTest, KnowsWhereEachProcessorHasItsSecurityVersion) {
  signature_ = kTurinSignature;
  initialize_snp(0x4b00000004010201);  // SNP 4
  EXPECT_THAT(parts(check().es), ElementsAre(HostPart::kFirmware));
  initialize_snp(0x4b1b000003010201);  // SNP 3; what would be 27 elsewhere is reserved
  EXPECT_TRUE(check().es_usable());
  signature_ = 0x00c00f00;  // Family 0x1b
  initialize_snp(~std::uint64_t{0});
  EXPECT_TRUE(check().es_usable()) << "of a later processor nothing is known";
}

TEST_F(HostCheckTest, AsksForSnpEvenWhereTheFirmwareIsLeftAlone) {
  ask_firmware_ = false;
  initialize_snp(0xdb1b000000000004);
  EXPECT_THAT(parts(check().es), ElementsAre(HostPart::kFirmware));
  leaf_.eax = 0x1000b;
  EXPECT_TRUE(check().es_usable()) << "a processor without SNP is not asked";
}

TEST_F(HostCheckTest, TakesKvmsWordWhereItTellsWhatCanBeUsed) {
  constexpr std::uint32_t kOrdinaryAndSev = 0b101;
  vm_types_ = kOrdinaryAndSev;
  EXPECT_TRUE(check().es_usable()) << "Linux 6.12 offers what the processor has";
  release_ = "6.18.1";
  EXPECT_TRUE(check().sev_usable());
  EXPECT_THAT(parts(check().es), ElementsAre(HostPart::kKernelModule));
  EXPECT_THAT(describe(check().es), HasSubstr("SEV-ES unusable"));
  vm_types_ |= 1U << static_cast<unsigned>(KvmVmType::kSevEs);
  EXPECT_TRUE(check().es_usable());
  vm_types_ = 0;
  EXPECT_TRUE(check().es_usable()) << "nobody said anything";
}

TEST_F(HostCheckTest, CountsAsidsByTheProcessorWhereTheKernelDoesNot) {
  const AsidUsage asids = check().asids;
  EXPECT_EQ(asids.sev, (AsidPoolUsage{410, std::nullopt}));
  EXPECT_EQ(asids.es, (AsidPoolUsage{99, std::nullopt}));
}

TEST_F(HostCheckTest, CountsAsidsByTheMiscControlGroup) {
  fs::create_directories(root_ / "sys/fs/cgroup");
  write(root_ / "sys/fs/cgroup/misc.capacity", "res_a 1\nsev 400\nsev_es 90\n");
  EXPECT_EQ(check().asids.sev, (AsidPoolUsage{400, std::nullopt})) << "before Linux 6.5";
  write(root_ / "sys/fs/cgroup/misc.current", "sev_es 3\nsev 17\n");
  EXPECT_EQ(check().asids.sev, (AsidPoolUsage{400, 17}));
  EXPECT_EQ(check().asids.es, (AsidPoolUsage{90, 3}));
  write(root_ / "sys/fs/cgroup/misc.capacity", "sev 400\n");
  EXPECT_EQ(check().asids.es.total, 0U);
  // Control groups of version 1 have a directory for each controller.
  fs::create_directories(root_ / "sys/fs/cgroup/misc");
  fs::remove(root_ / "sys/fs/cgroup/misc.capacity");
  fs::remove(root_ / "sys/fs/cgroup/misc.current");
  write(root_ / "sys/fs/cgroup/misc/misc.capacity", "sev 7\nsev_es 5\n");
  write(root_ / "sys/fs/cgroup/misc/misc.current", "sev 1\nsev_es 2\n");
  EXPECT_EQ(check().asids.sev, (AsidPoolUsage{7, 1}));
  EXPECT_EQ(check().asids.es, (AsidPoolUsage{5, 2}));
}

TEST_F(HostCheckTest, TakesAContainersCountForNobodys) {
  fs::create_directories(root_ / "sys/fs/cgroup");
  write(root_ / "sys/fs/cgroup/misc.current", "sev 1\nsev_es 1\n");
  EXPECT_FALSE(check().asids.sev.used) << "without a capacity it is not the root's";
}

TEST_F(HostCheckTest, MakesNothingOfNonsenseInTheMiscControlGroup) {
  fs::create_directories(root_ / "sys/fs/cgroup");
  for (const char* nonsense : {"", "sev", "sev \nsev_es x\n", "sev_es_more 9\n", "\n\n", "sev -1\n"}) {
    write(root_ / "sys/fs/cgroup/misc.capacity", nonsense);
    EXPECT_EQ(check().asids.sev.total, 410U) << nonsense;
  }
}

TEST_F(HostCheckTest, BlamesTheParameterThatKeepsAllAsidsForSnpGuests) {
  write(parameters() / "ciphertext_hiding_asids", "40\n");
  EXPECT_TRUE(check().es_usable());
  EXPECT_EQ(check().asids.es.total, 59U);
  EXPECT_EQ(check().asids.hidden, 40U);
  write(parameters() / "ciphertext_hiding_asids", "4294967295\n");
  EXPECT_EQ(check().asids.es.total, 0U);
  EXPECT_TRUE(check().sev_usable());
  EXPECT_THAT(parts(check().es), ElementsAre(HostPart::kKernelModule));
  EXPECT_THAT(describe(check().es), HasSubstr("ciphertext_hiding_asids"));
}

}  // namespace
}  // namespace virtsev::sevcore
