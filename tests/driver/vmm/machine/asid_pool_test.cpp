// SPDX-License-Identifier: LGPL-2.1-or-later
// Monitors of one host share its ASIDs: the pool runs out, and whoever is killed gives back what it had.
#include <gmock/gmock.h>

#include "sevcore/kernel/simulation_settings.hpp"
#include "tests/driver/vmm/machine/tiny_guest_test.hpp"

namespace virtsev::vmm::test {
namespace {

using testing::HasSubstr;

class AsidPoolTest : public TinyGuestTest {
 protected:
  /// A monitor with a guest of its own on the host whose platform files lie in directory_.
  class Neighbour {
   public:
    Neighbour(const TemporaryDirectory& host, const control::Start& like)
        : identity_(open_file(host.path("identity"), O_RDONLY)),
          state_(open_file(host.path("state"), O_RDWR)),
          monitor_(own_),
          start_(monitor_.prepare_start()) {
      start_.boot = like.boot;
      start_.platform_identity = identity_.get();
      start_.platform_state = state_.get();
    }
    control::Reply start() { return monitor_.call(start_); }

   private:
    TemporaryDirectory own_;
    UniqueFd identity_;
    UniqueFd state_;
    MonitorProcess monitor_;
    control::Start start_;
  };
};

TEST_F(AsidPoolTest, TheSecondOfOneSevEsGuestIsRefusedUntilTheFirstOnesMonitorIsKilled) {
  control::Start first = prepare(TinyGuest().spin());
  first.boot.policy = 5;
  const UniqueFd state = open_file(directory_.path("state"), O_RDWR);
  sevcore::write_simulation_settings(state.get(), {1, 1, 0});
  launch(first);

  Neighbour second(directory_, first);
  const control::Reply refused = second.start();
  ASSERT_TRUE(std::holds_alternative<control::Failure>(refused));
  const auto& failure = std::get<control::Failure>(refused);
  EXPECT_EQ(failure.code, ErrorCode::kResourceBusy);
  EXPECT_THAT(failure.text, HasSubstr("as many SEV-ES guests run"));
  EXPECT_THAT(failure.text, HasSubstr("at once (1)"));
  EXPECT_THAT(failure.text, HasSubstr("simulated_es_asids"));

  control::Start sev = first;
  sev.boot.policy = 1;
  Neighbour other_pool(directory_, sev);
  EXPECT_TRUE(std::holds_alternative<control::LaunchReport>(other_pool.start()));

  monitor_.reset();  // SIGKILL, and the test's own copies of the descriptors close
  Neighbour third(directory_, first);
  EXPECT_TRUE(std::holds_alternative<control::LaunchReport>(third.start()));
}

}  // namespace
}  // namespace virtsev::vmm::test
