// SPDX-License-Identifier: LGPL-2.1-or-later
// What the guests of one simulated host share: ASIDs, and the turn with its firmware.
#include "sevcore/simulated/simulated_share.hpp"

#include "tests/sevcore/simulated/simulated_fixture.hpp"

namespace virtsev::sevcore {
namespace {

/// Counts how often it was entered, and that it is left each time.
class CountingQueue final : public FirmwareQueue {
 public:
  void enter(std::uint64_t bytes) override {
    EXPECT_FALSE(inside_);
    inside_ = true;
    ++entered_;
    most_ = std::max(most_, bytes);
  }
  void leave() noexcept override { inside_ = false; }
  [[nodiscard]] int entered() const { return entered_; }
  [[nodiscard]] std::uint64_t most() const { return most_; }
  [[nodiscard]] bool inside() const { return inside_; }

 private:
  bool inside_ = false;
  int entered_ = 0;
  std::uint64_t most_ = 0;
};

class SimulatedShareTest : public ::testing::Test {
 protected:
  static Outcome init(SimulatedPlatform& platform, std::unique_ptr<SevVm>& vm, GuestCommand command) {
    vm = platform.make_vm(KvmVmType::kDefault, {});
    return vm->operate(command, nullptr);
  }

  PlatformDirectory directory_;
};

TEST_F(SimulatedShareTest, TwoPlatformsDoNotTakeOneAsidBoth) {
  directory_.set({1, 1, 0});
  const auto one = directory_.platform();
  const auto two = directory_.platform();
  std::unique_ptr<SevVm> first;
  std::unique_ptr<SevVm> second;
  EXPECT_EQ(init(*one, first, GuestCommand::kEsInit), Outcome{});
  EXPECT_EQ(init(*two, second, GuestCommand::kEsInit), kernel(EBUSY));
  first.reset();
  EXPECT_EQ(init(*two, second, GuestCommand::kEsInit), Outcome{});
}

TEST_F(SimulatedShareTest, CountsThePoolsOfSevAndSevEsApart) {
  directory_.set({1, 2, 0});
  const auto platform = directory_.platform();
  std::unique_ptr<SevVm> es;
  std::unique_ptr<SevVm> sev[3];
  std::unique_ptr<SevVm> more;
  EXPECT_EQ(init(*platform, es, GuestCommand::kEsInit), Outcome{});
  EXPECT_EQ(init(*platform, more, GuestCommand::kEsInit), kernel(EBUSY));
  EXPECT_EQ(init(*platform, sev[0], GuestCommand::kInit), Outcome{});
  EXPECT_EQ(init(*platform, sev[1], GuestCommand::kInit), Outcome{});
  EXPECT_EQ(init(*platform, sev[2], GuestCommand::kInit), kernel(EBUSY));
  sev[0].reset();
  EXPECT_EQ(init(*platform, sev[2], GuestCommand::kInit), Outcome{});
}

TEST_F(SimulatedShareTest, UsesAnAsidAgainForAWholeLaunchAfterAFlush) {
  directory_.set({1, 1, 0});
  const auto platform = directory_.platform();
  for (int round = 0; round < 3; ++round) {
    std::unique_ptr<SevVm> vm;
    ASSERT_EQ(init(*platform, vm, GuestCommand::kInit), Outcome{});
    LaunchStartArguments arguments;
    arguments.policy = 1;
    ASSERT_EQ(vm->operate(GuestCommand::kLaunchStart, &arguments), Outcome{}) << round;
  }
}

TEST_F(SimulatedShareTest, HasNoSevEsWhereItsPoolIsEmpty) {
  directory_.set({0, 1, 0});
  const auto platform = directory_.platform();
  std::unique_ptr<SevVm> vm;
  EXPECT_EQ(init(*platform, vm, GuestCommand::kEsInit), kernel(ENOTTY));
  EXPECT_EQ(init(*platform, vm, GuestCommand::kInit), Outcome{});
  const auto modern = platform->make_vm(KvmVmType::kSevEs, {});
  Init2Arguments arguments;
  EXPECT_EQ(modern->operate(GuestCommand::kInit2, &arguments), kernel(EINVAL));
}

TEST_F(SimulatedShareTest, CommandsOfALaunchWaitForTheirTurnEach) {
  const auto queue = std::make_shared<CountingQueue>();
  directory_.share().queue = queue;
  const auto platform = directory_.platform();
  std::unique_ptr<SevVm> vm;
  ASSERT_EQ(init(*platform, vm, GuestCommand::kInit), Outcome{});
  const int before = queue->entered();
  LaunchStartArguments arguments;
  arguments.policy = 1;
  ASSERT_EQ(vm->operate(GuestCommand::kLaunchStart, &arguments), Outcome{});
  EXPECT_EQ(before + 2, queue->entered()) << "LAUNCH_START and ACTIVATE";
  Bytes memory((3U << 20) + kPageSize);
  LaunchUpdateDataArguments range{round_up(address_of(memory), kPageSize), 3U << 20};
  ASSERT_EQ(vm->operate(GuestCommand::kLaunchUpdateData, &range), Outcome{});
  EXPECT_EQ(before + 5, queue->entered()) << "a turn for each MiB";
  EXPECT_EQ(1U << 20, queue->most());
  EXPECT_FALSE(queue->inside());
}

TEST_F(SimulatedShareTest, WhoAsksForThePlatformsStateOrEndsAGuestWaitsForNobody) {
  const auto queue = std::make_shared<CountingQueue>();
  directory_.share().queue = queue;
  const auto platform = directory_.platform();
  std::unique_ptr<SevVm> vm;
  ASSERT_EQ(init(*platform, vm, GuestCommand::kInit), Outcome{});
  LaunchStartArguments launch;
  launch.policy = 1;
  ASSERT_EQ(vm->operate(GuestCommand::kLaunchStart, &launch), Outcome{});
  const int before = queue->entered();
  PlatformStatusArguments arguments;
  EXPECT_EQ(platform->open_device()->issue(PlatformCommand::kPlatformStatus, &arguments), Outcome{});
  EXPECT_EQ(1U, arguments.guest_count);
  vm.reset();
  EXPECT_EQ(before, queue->entered());
}

}  // namespace
}  // namespace virtsev::sevcore
