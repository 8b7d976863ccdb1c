// SPDX-License-Identifier: LGPL-2.1-or-later
// A debugger's channel to a domain: who gets one, and what it means for the domain.
#include <libvirt/libvirt.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/daemon/gdb/packet.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

class Debugger : public HypervisorTest {
 protected:
  UniqueFd open(const DomainHandle& domain) {
    return wait(driver().open_channel(domain.uuid, "virtsev.gdb"));
  }
  std::optional<Error> refusal(const DomainHandle& domain, const std::optional<std::string>& name) {
    return error_of(driver().open_channel(domain.uuid, name));
  }
  int state_of(const DomainHandle& domain) { return driver().state(domain.uuid).state; }
  void say(const UniqueFd& channel, const std::string& packet) {
    const std::string bytes = gdb::frame(packet);
    ASSERT_EQ(static_cast<ssize_t>(bytes.size()), ::write(channel.get(), bytes.data(), bytes.size()));
  }
  /// The next packet; empty: the channel has ended.
  std::string hear(const UniqueFd& channel) {
    std::string heard;
    gdb::PacketReader reader;
    bool over = false;
    std::string packet;
    wait_until([&] {
      char bytes[4096];
      const ssize_t count = ::read(channel.get(), bytes, sizeof bytes);
      over = count == 0;
      if (count > 0) {
        reader.feed({bytes, static_cast<std::size_t>(count)});
      }
      while (const auto input = reader.next()) {
        if (const auto* whole = std::get_if<gdb::Packet>(&*input)) {
          packet = whole->data;
          return true;
        }
      }
      return over;
    });
    return packet;
  }
  std::string ask(const UniqueFd& channel, const std::string& packet) {
    say(channel, packet);
    return hear(channel);
  }
};

TEST_F(Debugger, PausesARunningGuestAndLetsItGoOn) {
  const DomainHandle domain = start(define());
  events_.clear();
  UniqueFd channel = open(domain);
  EXPECT_EQ("T02thread:1;", ask(channel, "?"));
  EXPECT_EQ(VIR_DOMAIN_PAUSED, state_of(domain));
  EXPECT_EQ("OK", ask(channel, "D"));
  wait_until([&] { return state_of(domain) == VIR_DOMAIN_RUNNING; });
  EXPECT_EQ((std::vector<std::string>{"guest: suspended 0", "guest: resumed 0"}), events_);
}

TEST_F(Debugger, ReadsAndWritesWhatTheMonitorHas) {
  const DomainHandle domain = start(define());
  const UniqueFd channel = open(domain);
  EXPECT_EQ("0708090a", ask(channel, "m1007,4"));
  EXPECT_EQ("OK", ask(channel, "M1007,4:41424344"));
  EXPECT_EQ("41424344", ask(channel, "m1007,4"));
  EXPECT_EQ("0010000000000000", ask(channel, "p10")) << "the instruction pointer";
  EXPECT_EQ("OK", ask(channel, "P10=0020000000000000"));
  EXPECT_EQ("0020000000000000", ask(channel, "p10"));
}

TEST_F(Debugger, HearsWhenSomebodySuspendsTheGuest) {
  const DomainHandle domain = start(define());
  const UniqueFd channel = open(domain);
  EXPECT_EQ("T02thread:1;", ask(channel, "?"));
  say(channel, "c");
  wait_until([&] { return state_of(domain) == VIR_DOMAIN_RUNNING; });
  wait(driver().suspend(domain.uuid));
  EXPECT_EQ("T02thread:1;", hear(channel));
}

TEST_F(Debugger, GoesOnToTheGuestsEnd) {
  const DomainHandle domain = start(define({.command_line = "resume=poweroff"}), VIR_DOMAIN_START_PAUSED);
  const UniqueFd channel = open(domain);
  EXPECT_EQ("W00", ask(channel, "c"));
  EXPECT_EQ("", hear(channel));
}

TEST_F(Debugger, EndsWithTheGuest) {
  const DomainHandle domain = start(define());
  const UniqueFd channel = open(domain);
  EXPECT_EQ("T02thread:1;", ask(channel, "?"));
  wait(driver().destroy(domain.uuid, 0));
  EXPECT_EQ("", hear(channel));
}

TEST_F(Debugger, EndsWithALaunchThatIsMadeAnew) {
  const DomainHandle domain =
      start(define({.command_line = "button=reset", .more = "<on_reboot>restart</on_reboot>"}));
  const UniqueFd channel = open(domain);
  EXPECT_EQ("T02thread:1;", ask(channel, "?"));
  wait(driver().shutdown(domain.uuid, 0));
  EXPECT_EQ("", hear(channel));
  wait_until([&] { return state_of(domain) == VIR_DOMAIN_RUNNING; });
  EXPECT_EQ("T02thread:1;", ask(open(domain), "?"));
}

TEST_F(Debugger, KillsTheGuestWhenAskedTo) {
  const DomainHandle domain = start(define());
  const UniqueFd channel = open(domain);
  say(channel, "k");
  wait_until([&] { return state_of(domain) == VIR_DOMAIN_SHUTOFF; });
}

TEST_F(Debugger, IsAloneUntilItHasGone) {
  const DomainHandle domain = start(define());
  UniqueFd channel = open(domain);
  const auto second = refusal(domain, "virtsev.gdb");
  ASSERT_TRUE(second);
  EXPECT_EQ(ErrorCode::kOperationFailed, second->code());
  channel.reset();
  wait_until([&] { return state_of(domain) == VIR_DOMAIN_RUNNING; });
  EXPECT_EQ("T02thread:1;", ask(open(domain), "?"));
}

TEST_F(Debugger, OfAGuestWhosePolicyForbidsItGetsNoChannel) {
  const DomainHandle domain = start(define({.command_line = "memory=refuse"}));
  events_.clear();
  const auto refused = refusal(domain, "virtsev.gdb");
  ASSERT_TRUE(refused);
  EXPECT_EQ(ErrorCode::kOperationDenied, refused->code());
  EXPECT_STREQ("NODBG", refused->what());
  EXPECT_EQ(VIR_DOMAIN_RUNNING, state_of(domain));
  EXPECT_TRUE(events_.empty());
}

TEST_F(Debugger, OfAnSevEsGuestSeesNoRegisters) {
  const DomainHandle domain = start(define({.command_line = "registers=refuse"}));
  const UniqueFd channel = open(domain);
  EXPECT_EQ(std::string(16, 'x'), ask(channel, "p0"));
  EXPECT_EQ("07", ask(channel, "m7,1"));
}

TEST_F(Debugger, HasOneNameAndNeedsAGuestThatRuns) {
  const DomainHandle off = define({.name = "off"});
  EXPECT_EQ(ErrorCode::kOperationInvalid, refusal(off, "virtsev.gdb")->code());
  const DomainHandle domain = start(define());
  for (const std::optional<std::string>& name :
       {std::optional<std::string>(), std::optional<std::string>("org.qemu.guest_agent.0")}) {
    const auto refused = refusal(domain, name);
    ASSERT_TRUE(refused);
    EXPECT_EQ(ErrorCode::kInvalidArgument, refused->code());
    EXPECT_NE(std::string(refused->what()).find("virtsev.gdb"), std::string::npos);
  }
}

TEST_F(Debugger, OfAnOlderMonitorIsRefused) {
  const DomainHandle domain = start(define({.name = "old"}));
  restart();
  const auto refused = refusal(domain, "virtsev.gdb");
  ASSERT_TRUE(refused);
  EXPECT_EQ(ErrorCode::kOperationUnsupported, refused->code());
}

}  // namespace
}  // namespace virtsev::daemon
