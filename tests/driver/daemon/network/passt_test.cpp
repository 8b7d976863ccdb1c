// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/network/passt.hpp"

#include <array>
#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sevcore/base/error.hpp"

namespace virtsev::daemon {
namespace {

using domain_xml::InterfaceDefinition;

bool is_installed() { return std::system("command -v passt >/dev/null") == 0; }

/// passt shuts itself into a user namespace, which a process in a chroot may not make; and it takes the
/// addresses that it gives out from the host's way out.
std::string reason_against_passt() {
  if (!is_installed()) {
    return "passt is not installed (Debian: passt)";
  }
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    const bool may =
        (::geteuid() != 0 || ::setresuid(kNobody, kNobody, kNobody) == 0) && ::unshare(CLONE_NEWUSER) == 0;
    ::_exit(may ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return "no user namespace can be made here, which passt needs";
  }
  std::ifstream routes("/proc/net/route");
  for (std::string line; std::getline(routes, line);) {
    if (line.find("\t00000000\t") != std::string::npos) {
      return {};
    }
  }
  return "this machine has no default route, which passt needs";
}

TEST(PasstArguments, SayWhichPortsOfTheHostReachTheGuest) {
  InterfaceDefinition interface;
  interface.mtu = 9000;
  interface.forwards = {{false, "127.0.0.1", 2222, 2222, 22}, {true, "", 5000, 5010, 6000}};
  EXPECT_EQ(passt_arguments(interface),
            (std::vector<std::string>{"--quiet", "--fd", "3", "--mtu", "9000", "--tcp-ports",
                                      "127.0.0.1/2222:22", "--udp-ports", "5000-5010:6000-6010"}));
}

TEST(Passt, ThatIsNotInstalledIsNamedWithWhatToDo) {
  InterfaceDefinition interface;
  interface.mac = {0x52, 0x54, 0, 1, 2, 3};
  try {
    (void)start_passt("passt-that-is-not-there", interface);
    FAIL() << "started";
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "<interface> 52:54:00:01:02:03: interfaces of type 'user' need passt, which is not installed "
        "here ('passt-that-is-not-there'): install it, or write type='bridge' or type='ethernet'");
  }
}

TEST(Passt, ThatEndsAtOnceIsAnErrorWithItsOwnWords) {
  InterfaceDefinition interface;
  try {
    (void)start_passt("false", interface);
    FAIL() << "started";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("'false' did not start (it said nothing)"), std::string::npos)
        << error.what();
  }
}

/// Passt answers for every address of the guest's network but the guest's own.
TEST(Passt, AnswersAGuestThatLooksForItsGateway) {
  if (const std::string reason = reason_against_passt(); !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  const UniqueFd connection = start_passt("passt", InterfaceDefinition{});
  const std::array<std::uint8_t, 46> request = {
      0,    0,    0,    42,                                                           // Length of the frame
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0,    1,    2,  3, 0x08, 0x06,  // Ethernet: ARP for all
      0,    1,    8,    0,    6,    4,    0,    1,    0x52, 0x54, 0,  1, 2,    3,
      10,   0,    2,    15,   0,    0,    0,    0,    0,    0,    10, 0, 2,    2};
  ASSERT_EQ(::send(connection.get(), request.data(), request.size(), 0),
            static_cast<ssize_t>(request.size()));
  std::array<std::uint8_t, 46> answer{};
  std::size_t got = 0;
  while (got < answer.size()) {
    pollfd ready{connection.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&ready, 1, 30000), 1) << "passt did not answer";
    const ssize_t more = ::recv(connection.get(), answer.data() + got, answer.size() - got, 0);
    ASSERT_GT(more, 0);
    got += static_cast<std::size_t>(more);
  }
  EXPECT_EQ(answer[3], 42);
  EXPECT_EQ(answer[4 + 21], 2);  // An ARP reply
  EXPECT_TRUE(std::equal(request.begin() + 42, request.end(), answer.begin() + 4 + 28));
}

}  // namespace
}  // namespace virtsev::daemon
