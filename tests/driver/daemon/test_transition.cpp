// SPDX-License-Identifier: LGPL-2.1-or-later
// A step of a domain's life: first its status file, then the events, then those who wait.
#include <libvirt/libvirt.h>

#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using Transition = HypervisorTest;

TEST_F(Transition, IsInTheStatusFileBeforeAnybodyHearsOfIt) {
  struct Seen {
    std::string step;
    int state;  // In the file
    bool in_list;
    std::size_t events;
  };
  const DomainHandle domain = define();
  std::vector<Seen> before, saved, told;
  driver().set_transition_observer([&](const Domain& of, const char* step, TransitionMoment moment) {
    const DomainStatus status = status_of(of.handle());
    Seen seen{step, status.state, of.active(), events_.size()};
    (moment == TransitionMoment::kBefore  ? before
     : moment == TransitionMoment::kSaved ? saved
                                          : told)
        .push_back(std::move(seen));
  });
  events_.clear();
  start(domain);
  wait(driver().suspend(domain.uuid));
  wait(driver().destroy(domain.uuid, 0));

  const std::vector<std::string> steps = {"Begin", "Spawn", "Launched", "Pause", "End", "Stop"};
  const std::vector<int> states = {
      0, VIR_DOMAIN_PAUSED, VIR_DOMAIN_RUNNING, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED, 0};
  const std::vector<std::size_t> events = {0, 0, 2, 1, 1, 1};
  ASSERT_EQ(steps.size(), saved.size());
  ASSERT_EQ(steps.size(), told.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(steps[i], saved[i].step);
    EXPECT_EQ(i == 0 ? 0 : states[i - 1], before[i].state) << steps[i];
    EXPECT_EQ(states[i], saved[i].state) << steps[i];
    EXPECT_EQ(before[i].events, saved[i].events) << steps[i] << ": told before it was saved";
    EXPECT_EQ(events[i], told[i].events - saved[i].events) << steps[i];
  }
  EXPECT_FALSE(saved.back().in_list) << "still active after its last step";
}

/// Lifecycle without a Hypervisor around it, to give it steps that virtsevd would not.
TEST_F(Transition, ThatIsIllegalIsCaughtAndChangesNothing) {
  Context context(loop(), layout_, configuration_);
  std::size_t events = 0;
  context.sink = [&events](const DomainEvent&) { ++events; };
  Lifecycle lifecycle(context);
  const DomainPtr domain = context.domains.find_or_add(domain_xml::random_uuid(), "guest");
  for (const Step& step : std::initializer_list<Step>{
           step::Spawn{}, step::Launched{true}, step::Reach{}, step::Spare{}, step::Relaunch{},
           step::Stop{VIR_DOMAIN_SHUTOFF_FAILED}, step::End{Ending::For::kDestroy}}) {
    try {
      lifecycle.transition(domain, step);
      ADD_FAILURE() << name_of(step) << " was taken by a domain that is off";
    } catch (const Error& error) {
      EXPECT_EQ(ErrorCode::kInternal, error.code());
      EXPECT_NE(std::string::npos, std::string(error.what()).find(name_of(step))) << error.what();
    }
    EXPECT_STREQ("Off", name_of(domain->life)) << name_of(step);
  }
  EXPECT_EQ(0U, events);
  EXPECT_TRUE(context.domains.find(domain->uuid)) << "a transient domain was taken out of the list";
}

}  // namespace
}  // namespace virtsev::daemon
