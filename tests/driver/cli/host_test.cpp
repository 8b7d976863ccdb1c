// SPDX-License-Identifier: LGPL-2.1-or-later
// What `virtsev host` says: of made-up hosts, and of this one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/cli/platform/host_report.hpp"
#include "tests/driver/cli/fakes/program.hpp"

namespace virtsev::cli::test {
namespace {

using sevcore::HostPart;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

sevcore::HostCheck ready_host() {
  sevcore::HostCheck check;
  check.cpu = {.amd = true,
               .sev = true,
               .es = true,
               .snp = false,
               .c_bit_position = 51,
               .max_asid = 509,
               .min_sev_asid = 100};
  check.asids = {{410, 17}, {99, std::nullopt}, 0};
  check.platform.emplace();
  check.platform->api_major = 1;
  check.platform->api_minor = 55;
  check.platform->build = 24;
  check.platform->state = sevcore::PlatformState::kInitialized;
  check.platform->es_enabled = true;
  check.snp = {{HostPart::kCpu, "no SNP", "buy one"}};
  return check;
}

TEST(HostReport, SaysWhatCanBeUsedAndWhoOwnsThePlatform) {
  const auto lines = describe_host(ready_host());
  EXPECT_THAT(lines, Contains("SEV: can be used, 410 guests at once; 17 in use"));
  EXPECT_THAT(lines,
              Contains("SEV-ES: can be used, 99 guests at once; how many are in use is not known here"));
  EXPECT_THAT(lines, Contains("  - processor: no SNP; buy one"));
  EXPECT_THAT(lines, Contains("Firmware: API 1.55, build 24; the platform owns itself; encrypted guests: 0"));
  EXPECT_THAT(lines, Contains("Locked memory: no limit"));
  sevcore::HostCheck owned = ready_host();
  owned.platform->externally_owned = true;
  owned.memory_lock_limit = 512ULL << 20;
  EXPECT_THAT(describe_host(owned), Contains(HasSubstr("external owner")));
  EXPECT_THAT(describe_host(owned), Contains(HasSubstr("at most 512 MiB")));
}

TEST(HostReport, NamesPartProblemAndCureOfEachKind) {
  sevcore::HostCheck check = ready_host();
  check.platform.reset();
  check.sev = {{HostPart::kSevDevice, "no device", "load ccp"}};
  check.es = {check.sev[0], {HostPart::kBios, "no ASIDs", "set the limit"}};
  const auto lines = describe_host(check);
  EXPECT_THAT(lines, Contains("SEV: can't be used"));
  EXPECT_THAT(lines, Contains("  - /dev/sev: no device; load ccp").Times(2));
  EXPECT_THAT(lines, Contains("  - BIOS: no ASIDs; set the limit"));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("Firmware:"))));
}

TEST(HostReport, SaysWhatSwitchingSnpOnMayCost) {
  sevcore::HostCheck check = ready_host();
  EXPECT_THAT(describe_host(check), Not(Contains(HasSubstr("once SEV-SNP is initialised"))));
  check.cpu.snp = true;
  EXPECT_THAT(describe_host(check), Contains(HasSubstr("no SEV-ES guests once SEV-SNP is initialised")));
}

TEST(HostReport, SaysWhatSnpMeansForSevEsGuests) {
  sevcore::HostCheck check = ready_host();
  check.snp_status = sevcore::SnpStatus{true, 0};
  check.asids = {{410, 17}, {59, 3}, 40};
  auto lines = describe_host(check);
  EXPECT_THAT(lines,
              Contains(HasSubstr("SEV-SNP is initialised, and this version runs SEV-ES guests beside it")));
  EXPECT_THAT(lines, Contains(HasSubstr("40 ASIDs are only for SEV-SNP guests")));
  EXPECT_EQ(Answer(host_as_json(check))["sev_snp"]["initialized"], true);
  EXPECT_EQ(Answer(host_as_json(check))["sev_snp"]["asids_of_its_own"], 40);
  check.es = {sevcore::es_beside_snp(27)};
  lines = describe_host(check);
  EXPECT_THAT(lines, Contains("SEV-ES: can't be used"));
  EXPECT_THAT(lines, Contains(HasSubstr("no SEV-ES guests while SEV-SNP is initialised, as it is (SNP's")));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("beside it"))));
}

TEST(HostReport, GivesScriptsTheSame) {
  sevcore::HostCheck check = ready_host();
  check.es = {{HostPart::kFirmware, "old", "update"}};
  const Answer value(host_as_json(check));
  EXPECT_EQ(value["sev"]["usable"], true);
  EXPECT_EQ(value["sev"]["guests"], 410);
  EXPECT_EQ(value["sev"]["in_use"], 17);
  EXPECT_TRUE(value["sev_es"]["in_use"].is_null());
  EXPECT_TRUE(value["sev_snp"]["initialized"].is_null());
  EXPECT_EQ(value["sev_es"]["usable"], false);
  EXPECT_EQ(value["sev_es"]["findings"][0]["part"], "firmware");
  EXPECT_EQ(value["sev_es"]["findings"][0]["problem"], "old");
  EXPECT_EQ(value["sev_es"]["findings"][0]["next_step"], "update");
  EXPECT_EQ(value["sev_snp"]["usable"], false);
  EXPECT_EQ(value["firmware"]["api"], "1.55");
  EXPECT_EQ(value["firmware"]["externally_owned"], false);
  EXPECT_TRUE(value["memory_lock_limit"].is_null());
  EXPECT_EQ(value["reduced_phys_bits"], 1);
  check.platform.reset();
  EXPECT_TRUE(Answer(host_as_json(check))["firmware"].is_null());
}

TEST(HostCommand, EndsWithOneWhereThisMachineCanNot) {
  const Outcome json = virtsev({"host", "--json"});
  const auto value = json.json();
  const bool usable = value["sev"]["usable"].truth() && value["sev_es"]["usable"].truth();
  const Outcome text = virtsev({"host"});
  EXPECT_EQ(json.status, usable ? 0 : 1);
  EXPECT_EQ(text.status, json.status);
  for (const auto& finding : value["sev"]["findings"].elements()) {
    EXPECT_FALSE(finding["part"].string().empty());
    EXPECT_THAT(text.output, HasSubstr(finding["problem"].string()));
    EXPECT_THAT(text.output, HasSubstr(finding["next_step"].string()));
  }
}

}  // namespace
}  // namespace virtsev::cli::test
