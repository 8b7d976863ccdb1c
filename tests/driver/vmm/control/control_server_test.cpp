// SPDX-License-Identifier: LGPL-2.1-or-later
// The control socket: who may speak, in which order, and what happens to those who do not keep to it.
#include "driver/vmm/control/control_server.hpp"

#include <thread>

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sevcore/base/error.hpp"
#include "tests/driver/vmm/control/control_peer.hpp"

namespace virtsev::vmm::test {
namespace {

/// The server on a thread of its own. Query is answered with Done, Pause with an Error.
class ControlServerTest : public testing::Test {
 protected:
  void start(std::vector<uid_t> allowed) {
    UniqueFd listener = control_listener();
    thread_ = std::thread([this, allowed = std::move(allowed), listener = std::move(listener)]() mutable {
      EventLoop loop;
      EventLoop waiting;
      const EventLoop::Source stop =
          loop.watch(stop_.get(), EPOLLIN, [&loop](std::uint32_t) { loop.stop(); });
      ControlServer* self = nullptr;
      ControlServer server(
          {loop, waiting, {}}, std::move(listener), std::move(allowed),
          [&](const control::Request& request, const control::Frame&) -> control::Reply {
            if (std::holds_alternative<control::Hello>(request)) {
              return control::HelloReply{};
            }
            if (std::holds_alternative<control::Pause>(request)) {
              throw Error(ErrorCode::kOperationInvalid, "not now");
            }
            if (std::holds_alternative<control::Resume>(request)) {
              self->publish(control::ConsoleSilent{"silence"});
            }
            if (std::holds_alternative<control::PowerButton>(request)) {
              eventfd_t gone = 0;
              ::eventfd_read(peer_gone_.get(), &gone);
              for (std::uint64_t done = 1; done < 4; ++done) {
                self->publish(control::Progress{done, 4});
              }
            }
            return control::Done{};
          },
          [] {});
      self = &server;
      loop.run();
    });
  }
  void TearDown() override {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
  }

  UniqueFd stop_{::eventfd(0, EFD_CLOEXEC)};
  UniqueFd peer_gone_{::eventfd(0, EFD_CLOEXEC)};
  std::thread thread_;
};

TEST_F(ControlServerTest, AnswersEachRequestWithItsSerial) {
  start({::getuid()});
  ControlPeer peer;
  peer.hello();
  peer.send(control::Query{}, 17);
  peer.send(control::Query{}, 18);
  EXPECT_EQ(peer.next()->serial, 17U);
  EXPECT_EQ(peer.next()->serial, 18U);
}

TEST_F(ControlServerTest, AnErrorBecomesAFailure) {
  start({::getuid()});
  ControlPeer peer;
  peer.hello();
  peer.send(control::Pause{}, 2);
  const auto reply = peer.reply();
  ASSERT_TRUE(reply);
  const auto& failure = std::get<control::Failure>(*reply);
  EXPECT_EQ(failure.code, ErrorCode::kOperationInvalid);
  EXPECT_EQ(failure.text, "not now");
}

TEST_F(ControlServerTest, APeerThatLeavesDuringALongRequestLosesItsEventsAndTheNextOneIsServed) {
  start({::getuid()});
  {
    ControlPeer peer;
    peer.hello();
    peer.send(control::PowerButton{}, 2);
  }
  ::eventfd_write(peer_gone_.get(), 1);
  ControlPeer next;
  next.hello();
  next.send(control::Query{}, 3);
  EXPECT_EQ(next.next()->serial, 3U);
}

TEST_F(ControlServerTest, ARequestOfALaterVersionIsRefusedAndTheNextOneServed) {
  start({::getuid()});
  ControlPeer peer;
  peer.hello();
  Bytes unknown = control::encode(control::Request(control::Query{}), 5).bytes;
  unknown[11] = 200;  // the type's last byte
  peer.send_bytes(unknown);
  EXPECT_EQ(std::get<control::Failure>(peer.reply().value()).code, ErrorCode::kNoSupport);
  peer.send(control::Query{}, 6);
  EXPECT_TRUE(std::holds_alternative<control::Done>(peer.reply().value()));
}

TEST_F(ControlServerTest, WhoDoesNotSayHelloFirstIsDropped) {
  start({::getuid()});
  ControlPeer peer;
  peer.send(control::Query{}, 1);
  EXPECT_FALSE(peer.next());
}

TEST_F(ControlServerTest, WhoSendsNonsenseIsDropped) {
  start({::getuid()});
  ControlPeer peer;
  peer.hello();
  peer.send_bytes(Bytes(64, 0xff));
  EXPECT_FALSE(peer.next());
}

TEST_F(ControlServerTest, TheNewestPeerWins) {
  start({::getuid()});
  ControlPeer first;
  first.hello();
  ControlPeer second;
  second.hello();
  EXPECT_FALSE(first.next());
  second.send(control::Query{}, 2);
  EXPECT_TRUE(second.reply());
}

TEST_F(ControlServerTest, AnEventReachesThePeerBetweenReplies) {
  start({::getuid()});
  ControlPeer peer;
  peer.hello();
  peer.send(control::Resume{}, 3);
  const auto event = peer.next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, control::FrameKind::kEvent);
  EXPECT_TRUE(std::holds_alternative<control::Done>(peer.reply().value()));
}

TEST_F(ControlServerTest, AnotherUsersPeerIsTurnedAway) {
  start({::getuid() + 1});
  ControlPeer peer;
  EXPECT_FALSE(peer.next());
}

}  // namespace
}  // namespace virtsev::vmm::test
