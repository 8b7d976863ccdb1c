// SPDX-License-Identifier: LGPL-2.1-or-later
// Interfaces on libvirt's networks: a port from the network's daemon at the start, given back at the end.
#include <fstream>

#include <libvirt/libvirt.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/driver/daemon/libvirt/objects_fixture.hpp"

namespace virtsev::daemon::test {
namespace {

constexpr std::int32_t kLookup = 46, kIsActive = 152, kCreate = 406, kXml = 409, kDelete = 410;
constexpr std::int32_t kNetworkDomain = 19;
constexpr const char* kBridge = "virsevbr0";

std::string on_network(const std::string& name, const std::string& mac = "52:54:00:00:00:0a") {
  return "<interface type='network'><mac address='" + mac + "'/><source network='" + name + "'/></interface>";
}

class NetworkPortsTest : public ObjectsTest {
 protected:
  /// Once for the process: a namespace is not left again.
  static void SetUpTestSuite() {
    const UniqueFd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    has_bridge_ =
        ::geteuid() == 0 && ::unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
        ::access("/dev/net/tun", R_OK | W_OK) == 0 &&
        ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        ::mount("sysfs", "/sys", "sysfs", 0, nullptr) == 0 &&
        ::ioctl(UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)).get(), SIOCBRADDBR, kBridge) == 0;
  }
  void SetUp() override { listen(); }

  void listen() {
    daemon_.emplace(
        loop(), socket("virtnetworkd-sock"),
        [this](Connection& connection, const Message& message) { return answer(connection, message); });
  }
  /// virtsevd is another one, and so is its loop.
  void restart_virtsevd() {
    daemon_.reset();
    restart();
    listen();
  }
  void TearDown() override { daemon_.reset(); }

  bool answer(Connection& connection, const Message& message) {
    const std::int32_t procedure = message.header.procedure;
    if (procedure == kLookup || procedure == kIsActive || procedure >= kCreate) {
      asked_.push_back(procedure);
    }
    if (std::find(held_back_.begin(), held_back_.end(), procedure) != held_back_.end()) {
      held_.push_back([&connection, message, this] { give(connection, message); });
      return true;
    }
    return give(connection, message);
  }
  bool give(Connection& connection, const Message& message) {
    xdr::Decoder in(message.payload);
    xdr::Encoder out;
    switch (message.header.procedure) {
      case kLookup: {
        const std::string name = in.get_string(kMaxText);
        if (name == "nowhere") {
          connection.fail(message.header, 43, kNetworkDomain, "Network not found: no network 'nowhere'");
          return true;
        }
        out.put_string(name);
        out.put_fixed_opaque(uuid_of(7));
        connection.reply(message.header, out.bytes());
        return true;
      }
      case kIsActive:
        connection.reply(message.header, number(in.get_string(kMaxText) == "asleep" ? 0 : 1));
        return true;
      case kCreate:
        in.get_string(kMaxText);
        in.get_fixed_opaque(network_uuid_);
        requests_.push_back(in.get_string(kMaxText));
        out.put_fixed_opaque(message.payload);  // Nobody reads it
        connection.reply(message.header, out.bytes());
        return true;
      case kXml:
        connection.reply(message.header, text_of(port_xml_));
        return true;
      case kDelete: {
        in.get_string(kMaxText);
        Uuid uuid{};
        in.get_fixed_opaque(uuid);
        in.get_fixed_opaque(uuid);
        deleted_.push_back(domain_xml::format_uuid(uuid));
        if (refuse_delete_ != 0) {
          connection.fail(message.header, refuse_delete_, kNetworkDomain, "network port not found");
        } else {
          connection.reply(message.header);
        }
        return true;
      }
      default:
        return false;
    }
  }
  [[nodiscard]] std::string requested_port(std::size_t number = 0) const {
    const std::string& request = requests_.at(number);
    return request.substr(request.find("<uuid>") + 6, 36);
  }
  [[nodiscard]] int count(std::int32_t procedure) const {
    return static_cast<int>(std::count(asked_.begin(), asked_.end(), procedure));
  }
  void expect_given_back() {
    wait_until([this] { return deleted_.size() == requests_.size(); });
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      EXPECT_NE(std::find(deleted_.begin(), deleted_.end(), requested_port(i)), deleted_.end());
    }
  }
  static std::string plug(const std::string& attributes, const std::string& more = "") {
    return "<networkport><uuid>x</uuid>" + more + "<plug " + attributes + "/></networkport>";
  }

  static bool has_bridge_;
  std::optional<FakeDaemon> daemon_;
  std::string port_xml_ =
      plug(std::string("type='network' bridge='") + kBridge + "' macTableManager='libvirt'");
  Uuid network_uuid_{};
  std::vector<std::int32_t> asked_;
  std::vector<std::string> requests_, deleted_;
  int refuse_delete_ = 0;
  std::vector<std::int32_t> held_back_;
  std::vector<std::function<void()>> held_;
};
bool NetworkPortsTest::has_bridge_ = false;

class OnTheBridge : public NetworkPortsTest {
 protected:
  void SetUp() override {
    if (!has_bridge_) {
      GTEST_SKIP() << "needs root, /dev/net/tun and a network namespace with a bridge";
    }
    NetworkPortsTest::SetUp();
  }
};

TEST_F(OnTheBridge, AGuestIsWhileItRunsAndShowsItAsLibvirtDoes) {
  const DomainHandle domain = start(
      define_with("<interface type='network'><mac address='52:54:00:00:00:0a'/><source network='default' "
                  "portgroup='office'/></interface>"));
  ASSERT_EQ(requests_.size(), 1U);
  const std::string port = requested_port();
  EXPECT_EQ(requests_[0], "<networkport>\n  <uuid>" + port +
                              "</uuid>\n  <owner>\n    <name>guest</name>\n    <uuid>" +
                              domain_xml::format_uuid(domain.uuid) +
                              "</uuid>\n  </owner>\n  <group>office</group>\n  <mac "
                              "address='52:54:00:00:00:0a'/>\n</networkport>\n");
  EXPECT_EQ(network_uuid_, uuid_of(7));
  EXPECT_TRUE(shows(domain, "<interface type='network'>"));
  EXPECT_TRUE(shows(domain, "<source network='default' portgroup='office' portid='" + port + "' bridge='" +
                                kBridge + "'/>"))
      << driver().xml(domain.uuid, 0);
  EXPECT_TRUE(shows(domain, "<target dev='vnet"));
  EXPECT_TRUE(shows(domain, "<source network='default' portgroup='office'/>", VIR_DOMAIN_XML_INACTIVE));
  EXPECT_EQ(count(kDelete), 0);
  EXPECT_EQ(daemon_->connections.size(), 1U);
  // In virtsevd's own name: nobody else's identity is set.
  EXPECT_EQ(daemon_->connections[0]->procedures(),
            (std::vector<std::int32_t>{66, 1, kLookup, kIsActive, kCreate, kXml}));
  wait(driver().destroy(domain.uuid, 0));
  expect_given_back();
}

TEST_F(OnTheBridge, OfTheHostForWhichANetworkStandsIsShownAsOne) {
  port_xml_ = plug(std::string("type='bridge' bridge='") + kBridge + "'");
  const DomainHandle domain = start(define_with(on_network("lan")));
  EXPECT_TRUE(shows(domain, "<interface type='bridge'>"));
  EXPECT_TRUE(
      shows(domain, "<source network='lan' portid='" + requested_port() + "' bridge='" + kBridge + "'/>"));
  // What is shown can be given back to change the link.
  std::string live = driver().xml(domain.uuid, 0);
  live = live.substr(live.find("<interface"), live.find("</interface>") + 12 - live.find("<interface"));
  live.insert(live.find("</interface>"), "<link state='down'/>");
  wait(driver().update_device(domain.uuid, live, VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG));
  EXPECT_TRUE(shows(domain, "<link state='down'/>"));
  EXPECT_TRUE(shows(domain, "<interface type='network'>", VIR_DOMAIN_XML_INACTIVE));
  EXPECT_TRUE(shows(domain, "<source network='lan' portid='" + requested_port()));
}

TEST_F(OnTheBridge, ItsPortIsKnownToTheNextVirtsevdAndGivenBackWhenTheMonitorDies) {
  const DomainHandle domain = start(define_with(on_network("with a space")));
  const std::string shown = driver().xml(domain.uuid, 0);
  restart_virtsevd();
  wait_until([&] { return driver().state(domain.uuid).state == VIR_DOMAIN_RUNNING; });
  EXPECT_EQ(driver().xml(domain.uuid, 0), shown);
  EXPECT_EQ(count(kCreate), 1);
  ::kill(monitor_of(domain), SIGKILL);
  expect_given_back();
}

TEST_F(OnTheBridge, OfAGuestThatEndedMeanwhileIsGivenBackByTheNextVirtsevd) {
  const DomainHandle domain = start(define_with(on_network("default")));
  const pid_t monitor = monitor_of(domain);
  daemon_.reset();
  stop();
  ::kill(monitor, SIGKILL);
  restart_virtsevd();
  expect_given_back();
}

TEST_F(OnTheBridge, ItKeepsItsPortWhenItIsLaunchedAgain) {
  const DomainHandle domain = start(define_with(on_network("default")));
  const std::string shown = driver().xml(domain.uuid, 0);
  events_.clear();
  wait(driver().reset(domain.uuid, 0));
  wait_for_events(1);
  EXPECT_EQ(events_, std::vector<std::string>{"guest: reboot"});
  EXPECT_TRUE(shows(domain, "portid='" + requested_port()));
  EXPECT_EQ(count(kCreate), 1);
  EXPECT_EQ(count(kDelete), 0);
  wait(driver().destroy(domain.uuid, 0));
  expect_given_back();
}

TEST_F(OnTheBridge, APortThatIsGoneAlreadyIsNoTrouble) {
  refuse_delete_ = 107;  // VIR_ERR_NO_NETWORK_PORT
  const DomainHandle domain = start(define_with(on_network("default")));
  wait(driver().destroy(domain.uuid, 0));
  expect_given_back();
  EXPECT_EQ(count(kDelete), 1);
}

TEST_F(OnTheBridge, ADaemonThatIsAwayGetsItsPortBackWhenItIsThereAgain) {
  const DomainHandle domain = start(define_with(on_network("default")));
  daemon_.reset();
  wait(driver().destroy(domain.uuid, 0));
  EXPECT_TRUE(deleted_.empty());
  listen();
  expect_given_back();
}

TEST_F(NetworkPortsTest, WithoutADaemonAStartIsRefusedWithWhatToDo) {
  daemon_.reset();
  EXPECT_EQ(refusal_of_start(define_with(on_network("default"))),
            "<interface> 52:54:00:00:00:0a: the network 'default' is libvirt's, and none of its daemons "
            "listens in " +
                layout_.socket_directory +
                ": start one (systemctl start virtnetworkd, or libvirtd), or write type='bridge' with a "
                "bridge of this host, or type='user'");
}

TEST_F(NetworkPortsTest, AnInactiveNetworkIsRefusedByName) {
  const auto error = error_of(driver().start(define_with(on_network("asleep")).uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::kOperationInvalid);
  EXPECT_STREQ(error->what(),
               "<interface> 52:54:00:00:00:0a: the network 'asleep' is not active: start it (virsh "
               "net-start asleep), then the guest");
  EXPECT_EQ(count(kCreate), 0);
}

TEST_F(NetworkPortsTest, AnUnknownNetworkIsRefusedInTheDaemonsWords) {
  const auto error = error_of(driver().start(define_with(on_network("nowhere")).uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::kNoNetwork);
  EXPECT_STREQ(error->what(), "<interface> 52:54:00:00:00:0a: Network not found: no network 'nowhere'");
}

TEST_F(NetworkPortsTest, AllGoBackWhereOneCantBeHad) {
  EXPECT_TRUE(
      holds(refusal_of_start(define_with(on_network("default") + on_network("asleep", "52:54:00:00:00:0b"))),
            "<interface> 52:54:00:00:00:0b: the network 'asleep' is not active"));
  EXPECT_EQ(requests_.size(), 1U);
  expect_given_back();
}

TEST_F(NetworkPortsTest, OneThatAsksForWhatNobodyDoesIsRefusedAndGoesBack) {
  const DomainHandle domain = define_with(on_network("default"));
  const std::vector<std::pair<std::string, std::string>> cases = {
      {plug("type='hostdev-pci' managed='yes'"), "gives its interfaces devices of the host"},
      {plug("type='direct' dev='eth0' mode='vepa'"), "gives its interfaces devices of the host"},
      {plug("type='bridge' bridge='ovs0'", "<virtualport type='openvswitch'/>"), "is of Open vSwitch"},
      {plug("type='network' bridge='br0'", "<vlan><tag id='42'/></vlan>"), "puts its interfaces into VLANs"},
      {plug("type='network' bridge='br0'", "<bandwidth><inbound average='1'/></bandwidth>"),
       "limits the bandwidth"},
      {plug("type='network' bridge='br0'", "<port isolated='yes'/>"), "keeps its interfaces from each other"},
      {plug("type='network' bridge='a name too long'"), "names a bridge that can't be one"},
      {"<network/>", "does not say how an interface is plugged into it"},
      {"no xml", "what libvirt's network daemon says of a port of the network 'default' can't be used"},
  };
  for (const auto& [xml, reason] : cases) {
    port_xml_ = xml;
    const std::string refusal = refusal_of_start(domain);
    EXPECT_TRUE(holds(refusal, reason)) << refusal;
    expect_given_back();
  }
}

TEST_F(NetworkPortsTest, ItGoesBackWhereTheGuestCantBeStartedForAnotherReason) {
  port_xml_ = plug("type='network' bridge='nobridge'");
  refusal_of_start(define_with(on_network("default")));
  EXPECT_EQ(requests_.size(), 1U);
  expect_given_back();
}

TEST_F(NetworkPortsTest, ADaemonThatIsSilentKeepsNobodyFromDestroying) {
  held_back_ = {kCreate};
  const DomainHandle domain = define_with(on_network("default"));
  std::string refusal;
  begin([&]() -> asio::awaitable<void> {
    try {
      co_await driver().start(domain.uuid, 0, 1);
    } catch (const Error& error) {
      refusal = error.what();
    }
  });
  wait_until([&] { return !held_.empty(); });
  wait(driver().destroy(domain.uuid, 0));
  wait_until([&] { return !refusal.empty(); });
  EXPECT_TRUE(holds(refusal, "the domain was destroyed meanwhile")) << refusal;
  EXPECT_EQ(driver().state(domain.uuid).state, VIR_DOMAIN_SHUTOFF);
  held_.front()();  // Now it answers: the port that nobody wants any more goes back
  expect_given_back();
}

}  // namespace
}  // namespace virtsev::daemon::test
