// SPDX-License-Identifier: LGPL-2.1-or-later
// What a guest needs of its host, refused at its start; and the simulated platform's settings on their way
// from virtsevd.conf to guests.
#include <fstream>
#include <map>

#include <gmock/gmock.h>

#include "driver/daemon/host/require_platform.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using testing::HasSubstr;

class RequirePlatform : public HypervisorTest {
 protected:
  std::string max_es_guests() {
    const std::string xml = driver().domain_capabilities({}, {}, {}, {});
    const std::string tag = "<maxESGuests>";
    const std::size_t start = xml.find(tag) + tag.size();
    return xml.substr(start, xml.find('<', start) - start);
  }
};

TEST_F(RequirePlatform, OtherReducedPhysBitsThanThePublishedOnesAreRefused) {
  DomainText text;
  text.security = "<reducedPhysBits>5</reducedPhysBits>";
  const auto error = error_of(driver().start(define(text).uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kConfigUnsupported, error->code());
  EXPECT_THAT(error->what(), HasSubstr("<reducedPhysBits> is 5"));
  text.security = "<reducedPhysBits>1</reducedPhysBits>";
  text.name = "other";
  EXPECT_FALSE(error_of(driver().start(define(text).uuid, 0, 1)));
}

std::string complaint_about_memory(std::uint64_t mib, std::uint64_t host_mib,
                                   std::optional<std::uint64_t> lock_limit) {
  try {
    check_memory_can_be_pinned(mib << 20, host_mib << 20, lock_limit);
  } catch (const Error& error) {
    EXPECT_EQ(ErrorCode::kConfigUnsupported, error.code());
    return error.what();
  }
  return "none";
}

TEST(RequireMemory, MoreThanTheHostHasCanNotBePinned) {
  EXPECT_EQ("none", complaint_about_memory(1024, 1024, std::nullopt));
  const std::string complaint = complaint_about_memory(2048, 1024, std::nullopt);
  EXPECT_THAT(complaint, HasSubstr("<memory> is 2048 MiB"));
  EXPECT_THAT(complaint, HasSubstr("this host has 1024 MiB"));
}

TEST(RequireMemory, MoreThanThisUserMayLockIsRefused) {
  EXPECT_EQ("none", complaint_about_memory(512, 1024, 514ULL << 20));
  const std::string complaint = complaint_about_memory(512, 1024, 512ULL << 20);
  EXPECT_THAT(complaint, HasSubstr("up to 2 MiB more while it is launched"));
  EXPECT_THAT(complaint, HasSubstr("to 514 MiB"));
  EXPECT_THAT(complaint_about_memory(512, 1024, 8ULL << 20), HasSubstr("may lock 8 MiB"));
}

std::string complaint_about_asids(const sevcore::AsidPoolUsage& pool) {
  try {
    check_asid_is_free(pool, 2, true);
  } catch (const Error& error) {
    EXPECT_EQ(ErrorCode::kResourceBusy, error.code());
    return error.what();
  }
  return "none";
}

TEST(RequireAsids, APoolThatOtherProgramsHaveUsedUpIsNamedWithItsUsers) {
  EXPECT_EQ("none", complaint_about_asids({5, 4}));
  EXPECT_EQ("none", complaint_about_asids({5, std::nullopt})) << "the kernel decides where it does not tell";
  EXPECT_THAT(complaint_about_asids({5, 5}), HasSubstr("5 of 5 in use, 2 of them by this virtsevd's guests"));
}

TEST(RequireAsids, WhatTheKernelDoesNotTellIsNamedUnknown) {
  EXPECT_EQ("2 of 99 in use by this virtsevd's guests, others unknown", describe_asids(99, std::nullopt, 2));
}

TEST_F(RequirePlatform, FirmwareThatRunsNoSevEsGuestsBesideSnpIsNamedBeforehand) {
  configuration_.simulation.snp_initialized = 1;
  restart();
  DomainText es;
  es.policy = "0x0005";
  const auto error = error_of(driver().start(define(es).uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationUnsupported, error->code());
  EXPECT_THAT(error->what(), HasSubstr("no SEV-ES guests while SEV-SNP is initialised"));
  EXPECT_THAT(error->what(), HasSubstr("sev=nosnp"));
  DomainText sev;
  sev.name = "sev";
  EXPECT_FALSE(error_of(driver().start(define(sev).uuid, 0, 1)));

  const std::string capabilities = driver().domain_capabilities({}, {}, {}, {});
  EXPECT_THAT(capabilities, Not(HasSubstr("<maxESGuests>")));
  EXPECT_THAT(capabilities, HasSubstr("<!-- SEV-ES: this SEV firmware runs no SEV-ES guests"));
  std::map<std::string, decltype(TypedParameter::value)> told;
  for (const TypedParameter& parameter : wait(driver().sev_info())) {
    told[parameter.field] = parameter.value;
  }
  EXPECT_EQ(0U, std::get<std::uint32_t>(told["max-es-guests"]));
  EXPECT_THAT(std::get<std::string>(told["virtsev-es-problem"]), HasSubstr("SEV-SNP is initialised"));
  EXPECT_EQ("1 of 410 in use by this virtsevd's guests, others unknown",
            std::get<std::string>(told["virtsev-asids"]));
}

TEST_F(RequirePlatform, ASimulatedPoolWithoutAsidsIsNamed) {
  configuration_.simulation.es_asids = 0;
  restart();
  DomainText es;
  es.policy = "0x0005";
  const auto error = error_of(driver().start(define(es).uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationUnsupported, error->code());
  EXPECT_THAT(error->what(), HasSubstr("simulated_es_asids"));
  DomainText sev;
  sev.name = "sev";
  EXPECT_FALSE(error_of(driver().start(define(sev).uuid, 0, 1)));
}

TEST(RequireMemory, ASimulatedGuestGetsNoMoreThanTheHostHas) {
  constexpr std::uint64_t kGiB = 1ULL << 30;
  EXPECT_NO_THROW(check_memory_is_there(kGiB, kGiB));
  try {
    check_memory_is_there(2 * kGiB, kGiB);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(ErrorCode::kConfigUnsupported, error.code());
    EXPECT_THAT(error.what(), HasSubstr("<memory> is 2048 MiB, but this host has 1024 MiB"));
  }
}

TEST_F(RequirePlatform, MoreMemoryThanTheHostHasIsRefusedOfASimulatedGuestAtItsStart) {
  DomainText text;
  text.memory_mib = 1ULL << 20;
  const auto error = error_of(driver().start(define(text).uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("<memory> is 1048576 MiB"));
}

TEST_F(RequirePlatform, TheSettingsOfTheSimulatedPlatformAreShown) {
  configuration_.simulation = {7, 11, 13, 0};
  restart();
  EXPECT_EQ("7", max_es_guests());
}

TEST_F(RequirePlatform, AReloadReachesTheGuestsThatStartAfterIt) {
  configuration_.simulation.es_asids = 3;
  driver().reconfigure(configuration_);
  EXPECT_EQ("3", max_es_guests());
  const DomainHandle domain = define();
  start(domain);
  EXPECT_EQ(4U, status_of(domain).asid) << "the first of the SEV guests' behind those of SEV-ES guests";
}

TEST_F(RequirePlatform, WhatStandsInTheFormerStateFileStopsNoStart) {
  std::ofstream(layout_.platform_directory() + "/state") << "garbage";
  restart();
  EXPECT_FALSE(error_of(driver().start(define().uuid, 0, 1)));
  std::filesystem::remove(layout_.platform_directory() + "/state");
  std::filesystem::create_directory(layout_.platform_directory() + "/state");
  restart();
  DomainText text;
  text.name = "other";
  EXPECT_FALSE(error_of(driver().start(define(text).uuid, 0, 1)));
}

}  // namespace
}  // namespace virtsev::daemon
