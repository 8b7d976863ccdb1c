// SPDX-License-Identifier: LGPL-2.1-or-later
// Each line and each message has one owner, and is free again when that goes.
#include "driver/vmm/interrupts/interrupts.hpp"

#include <thread>

#include <gtest/gtest.h>
#include <poll.h>

#include "tests/driver/vmm/fake_interrupts.hpp"

namespace virtsev::vmm::test {
namespace {

using Routes = std::vector<InterruptController::Route>;

constexpr std::uint32_t kPins = 24;

bool is_readable(int fd) {
  pollfd poll_fd{fd, POLLIN, 0};
  return ::poll(&poll_fd, 1, 0) == 1;
}

class InterruptsTest : public testing::Test {
 protected:
  FakeInterrupts fake_;
  Interrupts interrupts_{fake_, kPins};
};

TEST_F(InterruptsTest, ALineFollowsItsDevice) {
  InterruptLine line = interrupts_.line(4);
  line.raise();
  line.raise();
  EXPECT_TRUE(fake_.lines[4].level);
  line.lower();
  line.lower();
  EXPECT_FALSE(fake_.lines[4].level);
  EXPECT_EQ(fake_.lines[4].rises, 1);
}

TEST_F(InterruptsTest, APulseIsAnEdgeWhateverTheLevelIs) {
  InterruptLine line = interrupts_.line(9);
  line.pulse();
  EXPECT_EQ(fake_.lines[9].rises, 1);
  line.raise();
  line.pulse();
  EXPECT_EQ(fake_.lines[9].rises, 3);
  EXPECT_FALSE(fake_.lines[9].level);
}

TEST_F(InterruptsTest, ALineHasOneDevice) {
  const InterruptLine line = interrupts_.line(4);
  EXPECT_THROW((void)interrupts_.line(4), Error);
  EXPECT_NO_THROW((void)interrupts_.line(5));
}

TEST_F(InterruptsTest, APinThatThereIsNotIsNoLine) {
  EXPECT_THROW((void)interrupts_.line(kPins), Error);
  EXPECT_THROW((void)interrupts_.line(~0U), Error);
}

TEST_F(InterruptsTest, ALineThatGoesIsLowAndFree) {
  {
    InterruptLine line = interrupts_.line(4);
    line.raise();
  }
  EXPECT_FALSE(fake_.lines[4].level);
  EXPECT_NO_THROW((void)interrupts_.line(4));
}

TEST_F(InterruptsTest, ALineThatIsMovedStaysWhatItIs) {
  InterruptLine line = interrupts_.line(4);
  line.raise();
  InterruptLine moved = std::move(line);
  EXPECT_TRUE(fake_.lines[4].level);
  moved.lower();
  EXPECT_EQ(fake_.lines[4].rises, 1);
}

TEST_F(InterruptsTest, AMessageIsRoutedFromANumberThatIsNoPin) {
  Msi msi = interrupts_.msi();
  EXPECT_TRUE(fake_.routes.empty()) << "it has no message yet";
  ASSERT_EQ(fake_.connected.size(), 1U);
  const std::uint32_t gsi = fake_.connected.begin()->first;
  EXPECT_GE(gsi, kPins);
  const MsiMessage message{0xfee00000, 0x41};
  EXPECT_TRUE(msi.set_message(message));
  EXPECT_EQ(fake_.routes, (Routes{{gsi, message}}));
  EXPECT_FALSE(is_readable(msi.descriptor()));
  msi.send();
  EXPECT_TRUE(is_readable(msi.descriptor()));
}

TEST_F(InterruptsTest, AnotherMessageTakesThePlaceOfTheOneBefore) {
  Msi msi = interrupts_.msi();
  EXPECT_TRUE(msi.set_message({0xfee00000, 0x41}));
  EXPECT_TRUE(msi.set_message({0xfee01000, 0x42}));
  ASSERT_EQ(fake_.routes.size(), 1U);
  EXPECT_EQ(fake_.routes[0].message, (MsiMessage{0xfee01000, 0x42}));
  msi.clear_message();
  EXPECT_TRUE(fake_.routes.empty());
}

TEST_F(InterruptsTest, AMessageThatIsRefusedChangesNothingForAnybody) {
  fake_.refused_address = 0xdead;
  Msi one = interrupts_.msi();
  Msi two = interrupts_.msi();
  EXPECT_TRUE(one.set_message({0xfee00000, 0x41}));
  EXPECT_FALSE(two.set_message({0xdead, 0x42}));
  EXPECT_FALSE(one.set_message({0xdead, 0x42}));
  ASSERT_EQ(fake_.routes.size(), 1U);
  EXPECT_EQ(fake_.routes[0].message, (MsiMessage{0xfee00000, 0x41}));
  EXPECT_TRUE(two.set_message({0xfee00000, 0x43})) << "what was refused stood in the way";
  EXPECT_EQ(fake_.routes.size(), 2U);
}

TEST_F(InterruptsTest, AnMsiThatGoesLeavesNothing) {
  {
    Msi msi = interrupts_.msi();
    EXPECT_TRUE(msi.set_message({0xfee00000, 0x41}));
    const Msi moved = std::move(msi);
    EXPECT_EQ(fake_.routes.size(), 1U);
  }
  EXPECT_TRUE(fake_.routes.empty());
  EXPECT_TRUE(fake_.connected.empty());
}

TEST_F(InterruptsTest, NumbersAreGivenOnceAndUsedAgain) {
  std::vector<Msi> all;
  EXPECT_THROW(
      {
        while (true) {
          all.push_back(interrupts_.msi());
        }
      },
      Error);
  EXPECT_EQ(all.size(), Interrupts::kGsis - kPins);
  EXPECT_EQ(fake_.connected.size(), all.size());
  all.pop_back();
  EXPECT_NO_THROW(all.push_back(interrupts_.msi()));
}

TEST_F(InterruptsTest, ANumberThatCantBeConnectedIsFree) {
  fake_.refuses_to_connect = true;
  for (std::uint32_t i = 0; i < 2 * Interrupts::kGsis; ++i) {
    EXPECT_THROW((void)interrupts_.msi(), Error);
  }
  fake_.refuses_to_connect = false;
  EXPECT_NO_THROW((void)interrupts_.msi());
}

class DoorbellTest : public testing::Test {
 protected:
  static DoorbellPlace at(std::uint64_t address) { return {DoorbellPlace::Space::kMemory, address, 4, {}}; }

  FakeInterrupts fake_;
};

TEST_F(DoorbellTest, RingsWhereItIsPlaced) {
  Doorbell doorbell(fake_);
  EXPECT_TRUE(fake_.doorbells.empty());
  EXPECT_TRUE(doorbell.place_at(at(0x1000)));
  EXPECT_EQ(fake_.doorbells, (std::map<std::uint64_t, int>{{0x1000, doorbell.descriptor()}}));
  EXPECT_TRUE(doorbell.place_at(at(0x2000)));
  EXPECT_EQ(fake_.doorbells, (std::map<std::uint64_t, int>{{0x2000, doorbell.descriptor()}}));
}

TEST_F(DoorbellTest, RingsNowhereWhereItsPlaceIsRefused) {
  Doorbell one(fake_);
  Doorbell two(fake_);
  EXPECT_TRUE(one.place_at(at(0x1000)));
  EXPECT_TRUE(two.place_at(at(0x2000)));
  EXPECT_FALSE(two.place_at(at(0x1000)));
  EXPECT_EQ(fake_.doorbells.size(), 1U);
}

TEST_F(DoorbellTest, RingsNoMoreWhenItHasGone) {
  {
    Doorbell doorbell(fake_);
    EXPECT_TRUE(doorbell.place_at(at(0x1000)));
  }
  EXPECT_TRUE(fake_.doorbells.empty());
}

}  // namespace
}  // namespace virtsev::vmm::test
