// SPDX-License-Identifier: LGPL-2.1-or-later
// Tap devices, in a network of the test's own (a network namespace).
#include "driver/daemon/network/tap.hpp"

#include <fstream>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sevcore/base/error.hpp"

namespace virtsev::daemon {
namespace {

using domain_xml::InterfaceDefinition;

class HostTap : public testing::Test {
 protected:
  /// Once for the process: a namespace is not left again.
  static void SetUpTestSuite() {
    has_network_ = ::geteuid() == 0 && ::unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
                   ::access("/dev/net/tun", R_OK | W_OK) == 0 &&
                   ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                   ::mount("sysfs", "/sys", "sysfs", 0, nullptr) == 0;
  }
  void SetUp() override {
    if (!has_network_) {
      GTEST_SKIP() << "needs root, /dev/net/tun and a network namespace";
    }
    interface_.kind = InterfaceDefinition::Kind::kEthernet;
    interface_.mac = {0x52, 0x54, 0, 1, 2, 3};
  }

  static std::string attribute(const std::string& device, const std::string& name) {
    std::ifstream file("/sys/class/net/" + device + "/" + name);
    std::string value;
    std::getline(file, value);
    return value;
  }
  /// False where this kernel has no bridges.
  static bool make_bridge(const char* name) {
    const UniqueFd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return ::ioctl(control.get(), SIOCBRADDBR, name) == 0;
  }
  [[nodiscard]] std::string refusal() const {
    try {
      (void)open_tap(interface_);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  InterfaceDefinition interface_;
  inline static bool has_network_ = false;
};

TEST_F(HostTap, IsUpUnderANameThatWasFree) {
  const Tap tap = open_tap(interface_);
  EXPECT_EQ(tap.name, "vnet0");
  ASSERT_EQ(tap.queues.size(), 1U);
  EXPECT_EQ(attribute(tap.name, "address"), "fe:54:00:01:02:03");
  EXPECT_EQ(std::stoi(attribute(tap.name, "flags"), nullptr, 16) & IFF_UP, IFF_UP);
  EXPECT_NE(::fcntl(tap.queues[0].get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(HostTap, HasHeadersOfVirtio1) {
  const Tap tap = open_tap(interface_);
  int size = 0;
  ASSERT_EQ(::ioctl(tap.queues[0].get(), TUNGETVNETHDRSZ, &size), 0);
  EXPECT_EQ(size, 12);
}

TEST_F(HostTap, HasTheNameAndTheMtuOfTheDefinition) {
  interface_.target = "guest7";
  interface_.mtu = 9000;
  EXPECT_EQ(open_tap(interface_).name, "guest7");
  const Tap tap = open_tap(interface_);  // The first is gone with its descriptor
  EXPECT_EQ(attribute("guest7", "mtu"), "9000");
}

TEST_F(HostTap, HasADescriptorForEachQueue) {
  interface_.queues = 4;
  EXPECT_EQ(open_tap(interface_).queues.size(), 4U);
}

TEST_F(HostTap, JoinsItsBridgeAndTakesItsMtu) {
  if (!make_bridge("br0")) {
    GTEST_SKIP() << "this kernel has no bridges";
  }
  interface_.kind = InterfaceDefinition::Kind::kBridge;
  interface_.bridge = "br0";
  const Tap tap = open_tap(interface_);
  EXPECT_EQ(::access(("/sys/class/net/br0/brif/" + tap.name).c_str(), F_OK), 0);
  EXPECT_EQ(attribute(tap.name, "mtu"), attribute("br0", "mtu"));
}

TEST_F(HostTap, WithoutItsBridgeIsRefusedAndLeavesNothing) {
  interface_.kind = InterfaceDefinition::Kind::kBridge;
  interface_.bridge = "br9";
  EXPECT_EQ(refusal(),
            "<interface> 52:54:00:01:02:03: the host has no bridge 'br9': make it (ip link add br9 type "
            "bridge), or name one that is there");
  EXPECT_EQ(::if_nametoindex("vnet0"), 0U);
}

TEST_F(HostTap, ThatAnotherGuestHasIsRefused) {
  interface_.target = "guest8";
  const Tap first = open_tap(interface_);
  EXPECT_EQ(refusal(),
            "<interface> 52:54:00:01:02:03: the network device 'guest8' is in use by another guest; name "
            "another one");
}

TEST_F(HostTap, OfTheUsersOwnHasToBeThere) {
  interface_.target = "mine0";
  interface_.managed = false;
  EXPECT_EQ(refusal(),
            "<interface> 52:54:00:01:02:03: there is no network device 'mine0': make it (ip tuntap add mine0 "
            "mode tap), or leave out managed='no'");
}

}  // namespace
}  // namespace virtsev::daemon
