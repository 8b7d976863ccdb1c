// SPDX-License-Identifier: LGPL-2.1-or-later
// Who gets the simulated firmware when, and what becomes of those who keep it.
#include <functional>
#include <vector>

#include <asio/io_context.hpp>
#include <gtest/gtest.h>

#include "driver/daemon/platform/firmware_turns.hpp"

namespace virtsev::daemon {
namespace {

using std::chrono::milliseconds;

class FakeTaker final : public TurnTaker {
 public:
  void grant_firmware(std::uint64_t number, milliseconds) override { granted.push_back(number); }
  void catch_up() override {
    if (on_catch_up) {
      on_catch_up();
    }
  }
  void end_for(const std::string& why) override { ended = why; }

  std::vector<std::uint64_t> granted;
  std::function<void()> on_catch_up;
  std::string ended;
};

using Numbers = std::vector<std::uint64_t>;

class FirmwareTurnsTest : public ::testing::Test {
 protected:
  /// Patience that nobody exhausts unless a test means to.
  FirmwareTurnsTest() { use({std::chrono::hours(1), std::chrono::hours(1)}); }
  void use(FirmwareTurns::Patience patience) { turns_.emplace(io_.get_executor(), patience); }
  void run_until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!holds()) {
      io_.restart();
      io_.run_one_until(end);
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "what was waited for did not happen";
    }
  }

  asio::io_context io_;
  std::optional<FirmwareTurns> turns_;
  std::shared_ptr<FakeTaker> first_ = std::make_shared<FakeTaker>();
  std::shared_ptr<FakeTaker> second_ = std::make_shared<FakeTaker>();
  std::shared_ptr<FakeTaker> third_ = std::make_shared<FakeTaker>();
};

TEST_F(FirmwareTurnsTest, OneHasItAtATimeInTheOrderOfTheWishes) {
  turns_->want(first_, 1, {});
  turns_->want(second_, 7, {});
  turns_->want(third_, 9, {});
  EXPECT_EQ((Numbers{1}), first_->granted);
  EXPECT_TRUE(second_->granted.empty());
  turns_->done(first_, 1);
  turns_->want(first_, 2, {});
  EXPECT_EQ((Numbers{7}), second_->granted);
  EXPECT_TRUE(third_->granted.empty());
  turns_->done(second_, 7);
  turns_->done(third_, 9);
  EXPECT_EQ((Numbers{9}), third_->granted);
  EXPECT_EQ((Numbers{1, 2}), first_->granted);
}

TEST_F(FirmwareTurnsTest, NobodyEndsAnothersTurnOrAnEarlierOneOfItsOwn) {
  turns_->want(first_, 1, {});
  turns_->want(second_, 1, {});
  turns_->done(second_, 1);
  turns_->done(first_, 0);
  EXPECT_TRUE(second_->granted.empty());
}

TEST_F(FirmwareTurnsTest, AMonitorHasOneWishAtATime) {
  turns_->want(first_, 1, {});
  turns_->want(second_, 1, {});
  turns_->want(second_, 2, {});
  turns_->done(first_, 1);
  EXPECT_EQ((Numbers{2}), second_->granted);
  turns_->done(second_, 2);
  EXPECT_EQ((Numbers{2}), second_->granted);
}

TEST_F(FirmwareTurnsTest, WhoIsGoneKeepsNobodyWaiting) {
  turns_->want(first_, 1, {});
  turns_->want(second_, 1, {});
  turns_->want(third_, 1, {});
  turns_->forget(second_);
  turns_->forget(first_);
  EXPECT_TRUE(second_->granted.empty());
  EXPECT_EQ((Numbers{1}), third_->granted);
}

TEST_F(FirmwareTurnsTest, WhoseObjectIsGoneIsPassedOver) {
  turns_->want(first_, 1, {});
  turns_->want(second_, 1, {});
  turns_->want(third_, 1, {});
  second_.reset();
  turns_->done(first_, 1);
  EXPECT_EQ((Numbers{1}), third_->granted);
}

TEST_F(FirmwareTurnsTest, WhoKeepsItPastItsDeadlineIsEndedAndTheNextHasIt) {
  use({milliseconds(1), milliseconds(0)});
  turns_->want(first_, 1, {});
  turns_->want(second_, 1, std::chrono::hours(1));
  run_until([this] { return !second_->granted.empty(); });
  EXPECT_NE(std::string::npos, first_->ended.find("kept the simulated firmware")) << first_->ended;
  EXPECT_TRUE(second_->ended.empty());
}

TEST_F(FirmwareTurnsTest, ADeadlineIsTheCommandsOwnTimeAndMore) {
  use({milliseconds(1), milliseconds(0)});
  turns_->want(first_, 1, std::chrono::hours(1));
  turns_->want(second_, 1, {});
  io_.run_for(milliseconds(20));
  EXPECT_TRUE(first_->ended.empty());
  EXPECT_TRUE(second_->granted.empty());
}

TEST_F(FirmwareTurnsTest, WhoHasSaidInTimeThatItIsDoneIsNotEndedForALateLook) {
  use({milliseconds(1), milliseconds(0)});
  first_->on_catch_up = [this] { turns_->done(first_, 1); };
  turns_->want(first_, 1, {});
  turns_->want(second_, 1, std::chrono::hours(1));
  run_until([this] { return !second_->granted.empty(); });
  EXPECT_TRUE(first_->ended.empty());
}

TEST_F(FirmwareTurnsTest, WhoTookLongWaitsAsLongWhileOthersGoOn) {
  use({std::chrono::hours(1), milliseconds(0)});
  turns_->want(first_, 1, {});
  turns_->want(first_, 2, {});
  turns_->want(second_, 1, {});
  io_.run_for(milliseconds(50));
  turns_->done(first_, 1);
  EXPECT_EQ((Numbers{1}), first_->granted) << "it had its next turn at once";
  EXPECT_EQ((Numbers{1}), second_->granted);
  turns_->done(second_, 1);
  run_until([this] { return first_->granted == Numbers({1, 2}); });
}

TEST(FirmwareTime, FollowsTheSettingsAndHasABound) {
  constexpr std::uint64_t kMiB = 1U << 20;
  EXPECT_EQ(milliseconds(0), firmware_time(0, kMiB));
  EXPECT_EQ(milliseconds(123), firmware_time(123, kMiB));
  EXPECT_EQ(milliseconds(62), firmware_time(123, kMiB / 2));
  EXPECT_EQ(milliseconds(60000), firmware_time(60000, ~0ULL));
}

}  // namespace
}  // namespace virtsev::daemon
