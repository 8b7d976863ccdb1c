// SPDX-License-Identifier: LGPL-2.1-or-later
// Devices that come to running guests, and go.
#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <unistd.h>

#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using Events = std::vector<std::string>;

constexpr std::uint32_t kLive = VIR_DOMAIN_AFFECT_LIVE;
constexpr std::uint32_t kConfig = VIR_DOMAIN_AFFECT_CONFIG;
const std::string kPort = "<controller type='pci' model='pcie-root-port'/>";
const std::string kUser = "<interface type='user'><mac address='52:54:00:00:00:0a'/></interface>";
const std::string kRng = "<rng model='virtio'/>";

class PlugDevice : public HypervisorTest {
 protected:
  PlugDevice() {
    configuration_.passt = "/bin/true";  // Nobody is at the other end
    restart();
    for (const char* name : {"a", "b"}) {
      const UniqueFd image(::open(path(name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
      EXPECT_EQ(::ftruncate(image.get(), 1 << 20), 0);
    }
  }
  std::string disk(const std::string& target, const std::string& file = "a") {
    return "<disk type='file'><source file='" + path(file) + "'/><target dev='" + target + "'/></disk>";
  }
  /// With two slots.
  DomainHandle start_with(const std::string& devices, const std::string& command_line = "") {
    std::string document = xml({.command_line = command_line});
    document.insert(document.find("</devices>"), kPort + kPort + devices);
    const DomainHandle domain = start(wait(driver().define(document, 0)));
    events_.clear();
    return domain;
  }
  void attach(const DomainHandle& domain, const std::string& device, std::uint32_t flags = kLive) {
    wait(driver().attach_device(domain.uuid, device, flags));
  }
  void detach(const DomainHandle& domain, const std::string& device, std::uint32_t flags = kLive) {
    wait(driver().detach_device(domain.uuid, device, flags));
  }
  bool shows(const DomainHandle& domain, const std::string& piece, std::uint32_t flags = 0) {
    return driver().xml(domain.uuid, flags).find(piece) != std::string::npos;
  }
  template <typename T>
  std::optional<ErrorCode> code_of(asio::awaitable<T> call) {
    const auto error = error_of(std::move(call));
    return error ? std::optional(error->code()) : std::nullopt;
  }
  void restart_and_find(const DomainHandle& domain) {
    restart();
    wait_until([&] { return driver().state(domain.uuid).state == VIR_DOMAIN_RUNNING; });
    (void)wait(driver().info(domain.uuid));  // Answered after what the monitor is asked first
  }
};

TEST_F(PlugDevice, ComesAndGoesWithItsEventsAndStaysOutOfTheStoredDefinition) {
  const DomainHandle domain = start_with("");
  for (int round = 0; round < 3; ++round) {
    attach(domain, disk("vdb"));
    attach(domain, kUser);
    EXPECT_TRUE(shows(domain, "<target dev='vdb'"));
    EXPECT_TRUE(shows(domain, "bus='0x01' slot='0x00'"));
    EXPECT_TRUE(shows(domain, "<alias name='virtio-disk0'/>"));
    EXPECT_FALSE(shows(domain, "vdb", VIR_DOMAIN_XML_INACTIVE));
    detach(domain, disk("vdb"));
    detach(domain, kUser);
    EXPECT_FALSE(shows(domain, "vdb"));
    EXPECT_FALSE(shows(domain, "52:54:00:00:00:0a"));
  }
  events_.resize(4);
  EXPECT_EQ(events_, (Events{"guest: virtio-disk0 added", "guest: net0 added", "guest: virtio-disk0 removed",
                             "guest: net0 removed"}));
}

TEST_F(PlugDevice, OthersKeepTheirNamesWhenOneGoes) {
  const DomainHandle domain = start_with("");
  attach(domain, disk("vda", "a"));
  attach(domain, disk("vdb", "b"));
  detach(domain, disk("vda"));
  EXPECT_TRUE(shows(domain, "<alias name='virtio-disk1'/>"));
  restart_and_find(domain);
  EXPECT_TRUE(shows(domain, "<alias name='virtio-disk1'/>"));
  attach(domain, disk("vdc", "a"));
  EXPECT_TRUE(shows(domain, "<alias name='virtio-disk0'/>"));
  detach(domain, disk("vdb"));
  EXPECT_TRUE(shows(domain, "vdc"));
}

TEST_F(PlugDevice, IsFoundAgainByANewDaemon) {
  const DomainHandle domain = start_with(kUser);
  attach(domain, disk("vdb"));
  attach(domain, kRng, kLive | kConfig);
  restart_and_find(domain);
  EXPECT_TRUE(shows(domain, "<target dev='vdb'"));
  EXPECT_FALSE(shows(domain, "vdb", VIR_DOMAIN_XML_INACTIVE));
  EXPECT_TRUE(shows(domain, "<rng", VIR_DOMAIN_XML_INACTIVE));
  detach(domain, disk("vdb"));
  detach(domain, "<rng/>", kLive | kConfig);
  EXPECT_FALSE(shows(domain, "<rng"));
  EXPECT_FALSE(shows(domain, "<rng", VIR_DOMAIN_XML_INACTIVE));
}

TEST_F(PlugDevice, StaysWithAGuestThatIsLaunchedAgain) {
  const DomainHandle domain = start_with("");
  attach(domain, disk("vdb"));
  events_.clear();
  wait(driver().reset(domain.uuid, 0));
  wait_for_events(1);
  EXPECT_EQ(events_, Events{"guest: reboot"});
  EXPECT_TRUE(shows(domain, "<target dev='vdb'"));
  detach(domain, disk("vdb"));
  EXPECT_FALSE(shows(domain, "vdb"));
}

TEST_F(PlugDevice, ThatWentWhileNobodyListenedIsForgottenAndToldThen) {
  const DomainHandle domain = start_with("");
  attach(domain, disk("vdb"));
  // As if virtsevd had ended before it asked its monitor for the second one.
  DomainStatus status = status_of(domain);
  ASSERT_NE(status.xml.find("<alias name='virtio-disk0'/>"), std::string::npos) << status.xml;
  status.xml.replace(status.xml.find("virtio-disk0"), 12, "virtio-disk7");
  stop();
  write_status(domain, status);
  events_.clear();
  restart_and_find(domain);
  wait_until([&] { return !events_.empty(); });
  EXPECT_EQ(events_, Events{"guest: virtio-disk7 removed"});
  EXPECT_FALSE(shows(domain, "vdb"));
}

TEST_F(PlugDevice, NeedsAnEmptySlotAndSaysHowToGetOne) {
  const DomainHandle none = start(define());
  const auto error = error_of(driver().attach_device(none.uuid, kRng, kLive));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::kOperationUnsupported);
  EXPECT_NE(std::string(error->what()).find("model='pcie-root-port'/>"), std::string::npos);
  wait(driver().destroy(none.uuid, 0));
  wait(driver().undefine(none.uuid, 0));
  const DomainHandle domain = start_with(kRng);
  attach(domain, kRng);
  attach(domain, kUser);
  EXPECT_EQ(code_of(driver().attach_device(domain.uuid, disk("vdb"), kLive | kConfig)),
            ErrorCode::kOperationUnsupported);
  EXPECT_FALSE(shows(domain, "vdb", VIR_DOMAIN_XML_INACTIVE)) << "nor is it half done";
  EXPECT_EQ(code_of(driver().detach_device(domain.uuid, "<rng><address type='pci' slot='1'/></rng>", kLive)),
            ErrorCode::kOperationUnsupported)
      << "on the root bus";
}

TEST_F(PlugDevice, ThatTheMonitorRefusesIsNotThere) {
  const DomainHandle domain = start_with("", "plug=refuse");
  EXPECT_EQ(code_of(driver().attach_device(domain.uuid, disk("vdb"), kLive | kConfig)),
            ErrorCode::kOperationFailed);
  EXPECT_FALSE(shows(domain, "vdb"));
  EXPECT_FALSE(shows(domain, "vdb", VIR_DOMAIN_XML_INACTIVE));
  EXPECT_EQ(status_of(domain).xml.find("vdb"), std::string::npos);
  EXPECT_TRUE(events_.empty());
}

TEST_F(PlugDevice, WhoseImageIsInUseOrMissingIsNotThere) {
  const DomainHandle domain = start_with("");
  attach(domain, disk("vda"));
  EXPECT_EQ(code_of(driver().attach_device(domain.uuid, disk("vdb", "none"), kLive)),
            ErrorCode::kSystemError);
  EXPECT_EQ(code_of(driver().attach_device(domain.uuid, disk("vda", "b"), kLive)),
            ErrorCode::kOperationInvalid);
  EXPECT_FALSE(shows(domain, "vdb"));
}

TEST_F(PlugDevice, ThatTheGuestKeepsIsStillThereAndThatIsSaid) {
  configuration_.device_removal_ms = 20;
  restart();
  const DomainHandle domain = start_with("", "unplug=keep");
  attach(domain, disk("vdb"));
  events_.clear();
  const auto error = error_of(driver().detach_device(domain.uuid, disk("vdb"), kLive));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::kOperationTimeout);
  EXPECT_NE(std::string(error->what()).find("the guest has not let go of virtio-disk0"), std::string::npos);
  EXPECT_EQ(events_, Events{"guest: virtio-disk0 stays"});
  EXPECT_TRUE(shows(domain, "vdb"));
  wait(driver().detach_device_alias(domain.uuid, "virtio-disk0", kLive));  // Does not wait
  EXPECT_TRUE(shows(domain, "vdb"));
}

TEST_F(PlugDevice, GoesByItsAlias) {
  const DomainHandle domain = start_with("");
  attach(domain, disk("vdb"));
  events_.clear();
  EXPECT_EQ(code_of(driver().detach_device_alias(domain.uuid, "virtio-disk4", kLive)),
            ErrorCode::kOperationFailed);
  wait(driver().detach_device_alias(domain.uuid, "virtio-disk0", kLive));
  wait_until([&] { return !events_.empty(); });
  EXPECT_EQ(events_, Events{"guest: virtio-disk0 removed"});
}

TEST_F(PlugDevice, EndsWithItsDomainWhileItIsWaitedFor) {
  configuration_.device_removal_ms = 600000;
  restart();
  const DomainHandle domain = start_with("", "unplug=keep");
  attach(domain, disk("vdb"));
  std::optional<ErrorCode> code;
  begin([&]() -> asio::awaitable<void> {
    try {
      co_await driver().detach_device(domain.uuid, disk("vdb"), kLive);
    } catch (const Error& error) {
      code = error.code();
    }
  });
  wait(driver().suspend(domain.uuid));  // Has its turn when the monitor has answered
  EXPECT_FALSE(code);
  wait(driver().destroy(domain.uuid, 0));
  wait_until([&] { return code.has_value(); });
  EXPECT_EQ(code, ErrorCode::kOperationFailed);
}

TEST_F(PlugDevice, IsNotForAMonitorOfAnEarlierVersion) {
  std::string document = xml({.name = "three"});
  document.insert(document.find("</devices>"), kPort);
  const DomainHandle domain = start(wait(driver().define(document, 0)));
  restart_and_find(domain);
  EXPECT_EQ(code_of(driver().attach_device(domain.uuid, kRng, kLive)), ErrorCode::kOperationUnsupported);
}

}  // namespace
}  // namespace virtsev::daemon
