// SPDX-License-Identifier: LGPL-2.1-or-later
// A command for the simulated firmware waits for its turn, and the peer can go on meanwhile, leave, and come
// back.
#include "driver/vmm/control/firmware_turn.hpp"

#include <thread>

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sevcore/base/error.hpp"
#include "tests/driver/vmm/control/control_peer.hpp"

namespace virtsev::vmm::test {
namespace {

using control::FirmwareDone;
using control::FirmwareWanted;

/// A monitor on a thread of its own: InjectSecret gives the firmware one command, ReadMemory two in one turn.
class FirmwareTurnTest : public testing::Test {
 protected:
  FirmwareTurnTest() {
    UniqueFd listener = control_listener();
    thread_ = std::thread([this, listener = std::move(listener)]() mutable {
      EventLoop loop;
      EventLoop waiting;
      const EventLoop::Source stop =
          loop.watch(stop_.get(), EPOLLIN, [&loop](std::uint32_t) { loop.stop(); });
      std::shared_ptr<FirmwareTurn> turn;
      ControlServer server(
          {loop, waiting, {interrupt_.get()}}, std::move(listener), {::getuid()},
          [&](const control::Request& request, const control::Frame&) -> control::Reply {
            return answer(*turn, request);
          },
          [] {});
      turn = std::make_shared<FirmwareTurn>(server);
      loop.run();
    });
  }
  ~FirmwareTurnTest() override {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
  }

  static control::Reply answer(FirmwareTurn& turn, const control::Request& request) {
    if (const auto* hello = std::get_if<control::Hello>(&request)) {
      return control::HelloReply{hello->version, {}};
    }
    if (const auto* grant = std::get_if<control::GrantFirmware>(&request)) {
      turn.granted(grant->number);
    } else if (std::holds_alternative<control::InjectSecret>(request)) {
      const sevcore::QueueTurn command(turn, 16);
    } else if (std::holds_alternative<control::ReadMemory>(request)) {
      const FirmwareTurn::Batch in_one_turn(&turn);
      { const sevcore::QueueTurn first(turn, 1); }
      { const sevcore::QueueTurn second(turn, 1); }
    }
    return control::Done{};
  }

  template <typename Message>
  static std::uint64_t number_in(const std::optional<control::Frame>& frame) {
    if (!frame || frame->kind != control::FrameKind::kEvent) {
      return 0;
    }
    const auto event = control::decode_event(*frame).value();
    return std::holds_alternative<Message>(event) ? std::get<Message>(event).number : 0;
  }
  static void expect_reply(ControlPeer& peer, std::uint32_t serial) {
    const auto frame = peer.next();
    ASSERT_TRUE(frame);
    EXPECT_EQ(control::FrameKind::kReply, frame->kind);
    EXPECT_EQ(serial, frame->serial);
  }

  UniqueFd stop_{::eventfd(0, EFD_CLOEXEC)};
  UniqueFd interrupt_{::eventfd(0, EFD_CLOEXEC)};
  std::thread thread_;
};

TEST_F(FirmwareTurnTest, ACommandIsGivenWhenItIsGranted) {
  ControlPeer peer;
  peer.hello();
  peer.send(control::InjectSecret{}, 2);
  const auto wanted = peer.next();
  const std::uint64_t number = number_in<FirmwareWanted>(wanted);
  ASSERT_GT(number, 0U);
  EXPECT_EQ(16U, std::get<FirmwareWanted>(control::decode_event(*wanted).value()).bytes);
  peer.send(control::GrantFirmware{number}, 3);
  expect_reply(peer, 3);
  EXPECT_EQ(number, number_in<FirmwareDone>(peer.next()));
  expect_reply(peer, 2);
}

TEST_F(FirmwareTurnTest, QuestionsAreAnsweredMeanwhileAndTheRestAfterwardsInItsOrder) {
  ControlPeer peer;
  peer.hello();
  peer.send(control::InjectSecret{}, 2);
  const std::uint64_t number = number_in<FirmwareWanted>(peer.next());
  peer.send(control::Pause{}, 3);
  peer.send(control::Query{}, 4);
  peer.send(control::Resume{}, 5);
  expect_reply(peer, 4);
  peer.send(control::GrantFirmware{number}, 6);
  expect_reply(peer, 6);
  EXPECT_EQ(number, number_in<FirmwareDone>(peer.next()));
  for (const std::uint32_t serial : {2U, 3U, 5U}) {
    expect_reply(peer, serial);
  }
}

TEST_F(FirmwareTurnTest, TheNextPeerIsAskedAnewAndGetsNoAnswerThatItDidNotAskFor) {
  auto first = std::make_unique<ControlPeer>();
  first->hello();
  first->send(control::InjectSecret{}, 2);
  ASSERT_GT(number_in<FirmwareWanted>(first->next()), 0U);
  first.reset();
  ControlPeer next;
  next.hello();
  const std::uint64_t number = number_in<FirmwareWanted>(next.next());
  ASSERT_GT(number, 0U);
  next.send(control::GrantFirmware{number}, 7);
  expect_reply(next, 7);
  EXPECT_EQ(number, number_in<FirmwareDone>(next.next()));
  next.send(control::Pause{}, 8);
  expect_reply(next, 8);
}

TEST_F(FirmwareTurnTest, AGrantOfAnotherWishIsGivenBackAtOnce) {
  ControlPeer peer;
  peer.hello();
  peer.send(control::GrantFirmware{77}, 2);
  EXPECT_EQ(77U, number_in<FirmwareDone>(peer.next()));
  expect_reply(peer, 2);
}

TEST_F(FirmwareTurnTest, QuitEndsTheWait) {
  ControlPeer peer;
  peer.hello();
  peer.send(control::InjectSecret{}, 2);
  const std::uint64_t number = number_in<FirmwareWanted>(peer.next());
  ASSERT_GT(number, 0U);
  peer.send(control::Quit{}, 3);
  const auto frame = peer.next();
  ASSERT_TRUE(frame);
  EXPECT_EQ(2U, frame->serial);
  EXPECT_TRUE(std::holds_alternative<control::Failure>(control::decode_reply(*frame).value()));
  expect_reply(peer, 3);
  peer.send(control::GrantFirmware{number}, 4);  // It was on its way
  EXPECT_EQ(number, number_in<FirmwareDone>(peer.next()));
  expect_reply(peer, 4);
}

TEST_F(FirmwareTurnTest, WhatElseEndsTheGuestEndsTheWait) {
  ControlPeer peer;
  peer.hello();
  peer.send(control::InjectSecret{}, 2);
  ASSERT_GT(number_in<FirmwareWanted>(peer.next()), 0U);
  ::eventfd_write(interrupt_.get(), 1);
  const auto frame = peer.next();
  ASSERT_TRUE(frame);
  EXPECT_TRUE(std::holds_alternative<control::Failure>(control::decode_reply(*frame).value()));
}

TEST_F(FirmwareTurnTest, ManySmallCommandsHaveOneTurn) {
  ControlPeer peer;
  peer.hello();
  peer.send(control::ReadMemory{}, 2);
  const std::uint64_t number = number_in<FirmwareWanted>(peer.next());
  peer.send(control::GrantFirmware{number}, 3);
  expect_reply(peer, 3);
  EXPECT_EQ(number, number_in<FirmwareDone>(peer.next()));
  expect_reply(peer, 2);
}

TEST_F(FirmwareTurnTest, APeerThatGrantsNoTurnsIsNotAsked) {
  ControlPeer peer;
  peer.send(control::Hello{3}, 1);
  expect_reply(peer, 1);
  peer.send(control::InjectSecret{}, 2);
  expect_reply(peer, 2);
}

}  // namespace
}  // namespace virtsev::vmm::test
