// SPDX-License-Identifier: LGPL-2.1-or-later
// What domains use, asked of many monitors at once.
#include <algorithm>

#include <libvirt/libvirt.h>

#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using Clock = std::chrono::steady_clock;

class Statistics : public HypervisorTest {
 protected:
  /// The names of what is told of one domain.
  std::vector<std::string> fields(const DomainHandle& domain, std::uint32_t groups, bool wait_for_it = true) {
    std::vector<std::string> names;
    for (const DomainStatistics& one : wait(driver().statistics({domain.uuid}, groups, wait_for_it))) {
      for (const TypedParameter& parameter : one.parameters) {
        names.push_back(parameter.field);
      }
    }
    return names;
  }
  /// Its monitor answers everything but Query.
  DomainHandle start_silent(const std::string& name) {
    return start(define({.name = name, .command_line = "query=ignore"}));
  }
  static bool has(const std::vector<TypedParameter>& parameters, const std::string& field) {
    return std::any_of(parameters.begin(), parameters.end(),
                       [&field](const TypedParameter& parameter) { return parameter.field == field; });
  }
};

TEST_F(Statistics, FollowTheGroups) {
  const DomainHandle domain = start(define());
  EXPECT_EQ((std::vector<std::string>{"state.state", "state.reason"}),
            fields(domain, VIR_DOMAIN_STATS_STATE));
  EXPECT_EQ((std::vector<std::string>{"cpu.time"}), fields(domain, VIR_DOMAIN_STATS_CPU_TOTAL));
  EXPECT_EQ((std::vector<std::string>{"vcpu.current", "vcpu.maximum", "vcpu.0.state", "vcpu.0.time",
                                      "vcpu.1.state", "vcpu.1.time"}),
            fields(domain, VIR_DOMAIN_STATS_VCPU));
  EXPECT_EQ((std::vector<std::string>{"block.count"}), fields(domain, VIR_DOMAIN_STATS_BLOCK));
  EXPECT_EQ((std::vector<std::string>{"net.count"}), fields(domain, VIR_DOMAIN_STATS_INTERFACE));
  EXPECT_TRUE(fields(domain, VIR_DOMAIN_STATS_PERF).empty());
  EXPECT_EQ(2000000U, wait(driver().info(domain.uuid)).cpu_time_ns);
  EXPECT_EQ(65536U, wait(driver().info(domain.uuid)).memory_kib);
  EXPECT_EQ(2U, wait(driver().vcpus(domain.uuid)).size());
}

TEST_F(Statistics, AMonitorThatDoesNotAnswerHidesNothingOfTheOthers) {
  const DomainHandle silent = start_silent("silent");
  const DomainHandle other_silent = start_silent("silent-too");
  const DomainHandle good = start(define({.name = "good"}));
  const auto before = Clock::now();
  const auto all = wait(driver().statistics({silent.uuid, good.uuid, other_silent.uuid}, 0, true));
  EXPECT_LT(Clock::now() - before, std::chrono::seconds(10))
      << "they must be asked at the same time, and not for long";
  ASSERT_EQ(3U, all.size());
  EXPECT_EQ("silent", all[0].domain.name);
  EXPECT_TRUE(has(all[0].parameters, "state.state"));
  EXPECT_TRUE(has(all[0].parameters, "balloon.maximum"));
  EXPECT_FALSE(has(all[0].parameters, "cpu.time")) << "what is not known is left out, not 0";
  EXPECT_FALSE(has(all[0].parameters, "vcpu.0.time"));
  EXPECT_TRUE(has(all[1].parameters, "cpu.time"));
  EXPECT_FALSE(has(all[2].parameters, "cpu.time"));
  EXPECT_TRUE(driver().any_active()) << "slowness at a question is no reason to end a guest";
  wait(driver().destroy(silent.uuid, 0));
}

TEST_F(Statistics, AMonitorThatOwesAnAnswerIsNotWaitedForAgain) {
  const DomainHandle silent = start_silent("silent");
  fields(silent, 0);
  const auto before = Clock::now();
  EXPECT_FALSE(fields(silent, 0).empty());
  EXPECT_LT(Clock::now() - before, std::chrono::seconds(1));
}

TEST_F(Statistics, WithoutWaitingADomainThatIsBeingChangedTellsWhatWasKnownLast) {
  const DomainHandle domain = start(define({.command_line = "quit=hang"}));
  EXPECT_EQ((std::vector<std::string>{"cpu.time"}), fields(domain, VIR_DOMAIN_STATS_CPU_TOTAL, false));
  const std::size_t seen = events_.size();
  begin([&] { return driver().destroy(domain.uuid, 0); });
  wait_for_events(seen + 1);
  const auto before = Clock::now();
  EXPECT_EQ((std::vector<std::string>{"cpu.time"}), fields(domain, VIR_DOMAIN_STATS_CPU_TOTAL, false));
  EXPECT_LT(Clock::now() - before, std::chrono::seconds(1));
}

TEST_F(Statistics, OfDomainsThatAreShutOffTellWhatIsDefined) {
  const DomainHandle domain = define();
  EXPECT_EQ((std::vector<std::string>{"balloon.maximum"}), fields(domain, VIR_DOMAIN_STATS_BALLOON));
  EXPECT_TRUE(fields(domain, VIR_DOMAIN_STATS_CPU_TOTAL).empty());
}

}  // namespace
}  // namespace virtsev::daemon
