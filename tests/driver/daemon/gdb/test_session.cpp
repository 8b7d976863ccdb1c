// SPDX-License-Identifier: LGPL-2.1-or-later
// A debugger's session with a made-up target: what gdb says, and what it is answered.
#include <chrono>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/daemon/gdb/registers.hpp"
#include "driver/daemon/gdb/session.hpp"
#include "tests/driver/daemon/gdb/fake_target.hpp"

namespace virtsev::daemon::gdb {
namespace {

class GdbSession : public ::testing::Test {
 protected:
  /// Attached, and past the acknowledgements.
  void attach() {
    connect();
    ASSERT_EQ("OK", ask("QStartNoAckMode", "+"));
  }
  void connect() {
    int ends[2] = {-1, -1};
    ASSERT_EQ(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends));
    gdb_ = UniqueFd(ends[0]);
    session_ = std::make_shared<Session>(io_.get_executor(), UniqueFd(ends[1]),
                                         std::make_unique<FakeTarget>(world_));
    world_.changed = [weak = std::weak_ptr<Session>(session_)] {
      if (const auto session = weak.lock()) {
        session->target_changed();
      }
    };
    asio::co_spawn(
        io_, [session = session_]() { return session->run(); },
        [this](std::exception_ptr failure) {
          EXPECT_FALSE(failure);
          ended_ = true;
        });
    session_.reset();
  }

  void say(const std::string& bytes) {
    ASSERT_EQ(static_cast<ssize_t>(bytes.size()), ::write(gdb_.get(), bytes.data(), bytes.size()));
  }
  /// The next packet, after `before`; nothing where the session ends instead.
  std::optional<std::string> hear(const std::string& before = "") {
    while (true) {
      char bytes[4096];
      for (ssize_t count = 0; (count = ::read(gdb_.get(), bytes, sizeof bytes)) > 0;) {
        heard_.append(bytes, static_cast<std::size_t>(count));
      }
      EXPECT_EQ(0U, heard_.rfind(before.substr(0, heard_.size()), 0)) << heard_;
      PacketReader reader;
      reader.feed(heard_);
      while (const auto input = reader.next()) {
        if (std::holds_alternative<Packet>(*input)) {
          heard_.erase(0, heard_.find('#') + 3);
          return std::get<Packet>(*input).data;
        }
      }
      if (ended_) {
        return std::nullopt;
      }
      turn();
    }
  }
  std::string ask(const std::string& packet, const std::string& before = "") {
    say(frame(packet));
    return hear(before).value_or("(ended)");
  }
  void wait_for_end() {
    while (!ended_) {
      turn();
    }
  }
  void turn() {
    io_.restart();
    if (io_.run_one_for(std::chrono::seconds(20)) == 0) {
      throw std::runtime_error("nothing comes");
    }
  }

  asio::io_context io_{1};
  World world_;
  UniqueFd gdb_;
  std::shared_ptr<Session> session_;
  std::string heard_;
  bool ended_ = false;
};

TEST_F(GdbSession, StopsAGuestThatRunsAndLetsItGoAtTheEnd) {
  attach();
  EXPECT_FALSE(world_.runs);
  EXPECT_EQ("T02thread:1;", ask("?"));
  EXPECT_EQ("1", ask("qAttached"));
  EXPECT_EQ("OK", ask("D"));
  wait_for_end();
  EXPECT_TRUE(world_.runs);
}

TEST_F(GdbSession, LeavesAGuestAloneThatStoodStill) {
  world_.runs = false;
  attach();
  gdb_.reset();
  wait_for_end();
  EXPECT_FALSE(world_.runs);
}

TEST_F(GdbSession, OfADebuggerThatVanishesLetsTheGuestGoOn) {
  attach();
  gdb_.reset();
  wait_for_end();
  EXPECT_TRUE(world_.runs);
}

TEST_F(GdbSession, ReadsAndWritesMemoryThroughPageTablesUntilToldOtherwise) {
  attach();
  EXPECT_EQ("OK", ask("M1000,3:414243"));
  EXPECT_EQ("41424300", ask("m1000,4"));
  EXPECT_EQ("OK", ask("X1002,2:#}"));  // Escaped by its frame
  EXPECT_EQ("4142237d", ask("m1000,4"));
  EXPECT_EQ(std::vector(4, control::AddressKind::kVirtual), world_.kinds);
  EXPECT_EQ("OK", ask("qRcmd,706879736963616c206f6e"));  // physical on
  EXPECT_EQ("41", ask("m1000,1"));
  EXPECT_EQ(control::AddressKind::kPhysical, world_.kinds.back());
}

TEST_F(GdbSession, GivesNoMoreMemoryThanAPacketHolds) {
  world_.end_of_memory = ~0ULL;
  attach();
  const std::string reply = ask("m0,ffffffffffffffff");
  EXPECT_GT(reply.size(), kMaxPacket / 2);
  EXPECT_LE(reply.size(), kMaxPacket);
}

TEST_F(GdbSession, SaysWhyItRefused) {
  attach();
  EXPECT_EQ("E01", ask("mfff8,10"));
  EXPECT_EQ("6e6f206d656d6f72792074686572650a", ask("qRcmd,776879"));  // why: no memory there
}

TEST_F(GdbSession, ShowsTheRegistersOfEachVcpuAndChangesThem) {
  for (std::uint32_t vcpu = 0; vcpu < 3; ++vcpu) {
    world_.registers[vcpu].general[0] = 0x10 + vcpu;
  }
  attach();
  EXPECT_EQ("m1,2,3", ask("qfThreadInfo"));
  EXPECT_EQ("l", ask("qsThreadInfo"));
  EXPECT_EQ("764350552032", ask("qThreadExtraInfo,3")) << "vCPU 2";
  EXPECT_EQ("1000000000000000", ask("p0"));
  EXPECT_EQ("OK", ask("Hg3"));
  EXPECT_EQ("1200000000000000", ask("p0"));
  EXPECT_EQ("1200000000000000", ask("g").substr(0, 16));
  EXPECT_EQ("OK", ask("P0=ff00000000000000"));
  EXPECT_EQ(0xffU, world_.registers[2].general[0]);
  EXPECT_EQ(0x10U, world_.registers[0].general[0]);
  EXPECT_EQ("E16", ask("Hg4"));
  EXPECT_EQ("OK", ask("T3"));
  EXPECT_EQ("E16", ask("T4"));
}

TEST_F(GdbSession, DescribesItsRegistersToGdbInPieces) {
  attach();
  std::string description;
  for (std::string piece = "m"; piece[0] == 'm';) {
    piece = ask(fmt::format("qXfer:features:read:target.xml:{:x},100", description.size()));
    description += piece.substr(1);
  }
  EXPECT_EQ(target_description(), description);
}

TEST_F(GdbSession, OfAGuestWithEncryptedRegistersHasPhysicalMemoryAlone) {
  world_.encrypted = true;
  attach();
  EXPECT_EQ(std::string(16, 'x'), ask("p0"));
  EXPECT_EQ("E01", ask("P0=ff00000000000000"));
  EXPECT_EQ("OK", ask("M1000,1:41"));
  EXPECT_EQ(control::AddressKind::kPhysical, world_.kinds.back());
  EXPECT_NE("OK", ask("qRcmd,706879736963616c206f6666")) << "physical off";
  EXPECT_EQ("41", ask("m1000,1"));
  EXPECT_EQ(control::AddressKind::kPhysical, world_.kinds.back());
}

TEST_F(GdbSession, GoesOnUntilItIsInterrupted) {
  attach();
  say(frame("c"));
  while (!world_.runs) {
    turn();
  }
  say("\x03");
  EXPECT_EQ("T02thread:1;", hear());
  EXPECT_FALSE(world_.runs);
}

TEST_F(GdbSession, HearsOfAStopThatSomebodyElseAskedFor) {
  attach();
  say(frame("vCont;c"));
  EXPECT_EQ("", hear()) << "not known: gdb takes c then";
  say(frame("c"));
  while (!world_.runs) {
    turn();
  }
  world_.runs = false;
  world_.changed();
  EXPECT_EQ("T02thread:1;", hear());
}

TEST_F(GdbSession, HearsOfTheGuestsEndAndEnds) {
  attach();
  say(frame("c"));
  while (!world_.runs) {
    turn();
  }
  world_.gone = true;
  world_.changed();
  EXPECT_EQ("W00", hear());
  wait_for_end();
}

TEST_F(GdbSession, EndsWithAGuestThatStandsStill) {
  attach();
  world_.gone = true;
  world_.changed();
  EXPECT_EQ(std::nullopt, hear());
}

TEST_F(GdbSession, ThatCantGoOnSaysWhy) {
  attach();
  world_.stuck = true;
  EXPECT_EQ("E.it is stuck", ask("c"));
  EXPECT_EQ("T02thread:1;", ask("?")) << "it does not wait";
}

TEST_F(GdbSession, RefusesStepsAndBreakpointsWhichGdbWouldElseWriteIntoTheGuestsCode) {
  attach();
  for (const char* packet : {"s", "Z0,1000,1", "Z1,1000,1", "z0,1000,1"}) {
    EXPECT_EQ("E.", ask(packet).substr(0, 2)) << packet;
  }
}

TEST_F(GdbSession, EndsTheGuestWhenGdbKillsIt) {
  attach();
  say(frame("k"));
  wait_for_end();
  EXPECT_TRUE(world_.destroyed);
}

TEST_F(GdbSession, AsksAgainForADamagedPacketAndRepeatsItsOwn) {
  attach();
  say("$?#00");
  say("-");
  while (heard_.find("-") == std::string::npos && !ended_) {
    turn();
    char bytes[64];
    const ssize_t count = ::read(gdb_.get(), bytes, sizeof bytes);
    heard_.append(bytes, count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  heard_.erase(0, heard_.find('-') + 1);
  EXPECT_EQ("OK", hear()) << "the reply to QStartNoAckMode";
}

// gdb does so after two seconds without an acknowledgement, which a machine under load may take.
TEST_F(GdbSession, AnswersARepeatedPacketOnce) {
  connect();
  say("+" + frame("qAttached") + frame("qAttached") + frame("qAttached"));
  EXPECT_EQ("1", hear("+"));
  say("+" + frame("QStartNoAckMode") + frame("QStartNoAckMode"));
  EXPECT_EQ("OK", hear("+++")) << "two of them are the repetitions' acknowledgements";
  say(frame("QStartNoAckMode") + "+" + frame("?") + frame("qC"));
  EXPECT_EQ("T02thread:1;", hear("++"));
  EXPECT_EQ("QC1", hear());
  EXPECT_EQ("", heard_);
}

TEST_F(GdbSession, AnswersTheSameQuestionAgainThatIsAskedAgain) {
  connect();
  EXPECT_EQ("1", ask("qAttached", "+"));
  say("+");
  EXPECT_EQ("1", ask("qAttached", "+"));
  ASSERT_EQ("OK", ask("QStartNoAckMode", "+"));
  EXPECT_EQ("1", ask("qAttached"));
  EXPECT_EQ("1", ask("qAttached")) << "nobody repeats what nobody acknowledges";
}

TEST_F(GdbSession, TakesARepeatedContinueForOne) {
  connect();
  say(frame("c") + frame("c"));
  while (!world_.runs) {
    turn();
  }
  say(frame("c") + "\x03" + frame("c"));
  EXPECT_EQ("T02thread:1;", hear("+++"));
  EXPECT_FALSE(world_.runs);
  say(frame("c") + "+" + frame("?"));
  EXPECT_EQ("T02thread:1;", hear("+++"));
  EXPECT_FALSE(world_.runs);
}

TEST_F(GdbSession, AnswersNonsenseWithoutHarm) {
  attach();
  for (const char* packet : {"m",
                             "m1000",
                             "m,",
                             "mx,1",
                             "M1000,2:41",
                             "M1000,1:4",
                             "X1000,5:a",
                             "p",
                             "pzz",
                             "pff",
                             "P",
                             "P0",
                             "P0=",
                             "G",
                             "G00",
                             "H",
                             "Hg",
                             "Hgzz",
                             "T",
                             "T0x",
                             "qXfer:features:read:target.xml:",
                             "qXfer:features:read:target.xml:1",
                             "qThreadExtraInfo,",
                             "qThreadExtraInfo,9"}) {
    EXPECT_EQ("E", ask(packet).substr(0, 1)) << packet;
  }
  for (const char* packet : {"", "!", "vKill;1", "vMustReplyEmpty", "qTStatus", "qOffsets", "bc"}) {
    EXPECT_EQ("", ask(packet)) << packet;
  }
  EXPECT_EQ("l", ask("qXfer:features:read:target.xml:ffffff,10"));
}

TEST_F(GdbSession, OfADebuggerThatSendsWithoutEndIsEnded) {
  attach();
  const std::string much(4096, 'a');
  say("$");
  while (!ended_) {
    // The session closes its end at some point, and the socket is full in between.
    (void)!::send(gdb_.get(), much.data(), much.size(), MSG_NOSIGNAL);
    turn();
  }
  EXPECT_TRUE(world_.runs);
}

}  // namespace
}  // namespace virtsev::daemon::gdb
