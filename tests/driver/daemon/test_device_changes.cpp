// SPDX-License-Identifier: LGPL-2.1-or-later
// Devices attached to a stored definition and detached from it; the link state of interfaces, of running
// guests too.
#include <libvirt/libvirt.h>

#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using Events = std::vector<std::string>;

constexpr std::uint32_t kLive = VIR_DOMAIN_AFFECT_LIVE;
constexpr std::uint32_t kConfig = VIR_DOMAIN_AFFECT_CONFIG;
constexpr const char* kDisk = "<disk type='file'><source file='/none'/><target dev='vdb'/></disk>";

std::string interface(const std::string& link) {
  return "<interface type='user'><mac address='52:54:00:00:00:0a'/>" + link + "</interface>";
}
const std::string kDown = interface("<link state='down'/>");
const std::string kUp = interface("<link state='up'/>");

class DeviceChanges : public HypervisorTest {
 protected:
  /// A passt that ends at once: nobody is at the other end.
  DeviceChanges() {
    configuration_.passt = "/bin/true";
    restart();
  }

  DomainHandle define_with(const std::string& devices, const std::string& command_line = "") {
    std::string document = xml({.command_line = command_line});
    document.insert(document.find("</devices>"), devices);
    return wait(driver().define(document, 0));
  }
  /// Of the running guest, and of the stored definition.
  bool shows(const DomainHandle& domain, const std::string& piece, std::uint32_t flags = 0) {
    return driver().xml(domain.uuid, flags).find(piece) != std::string::npos;
  }
  template <typename T>
  std::optional<ErrorCode> code_of(asio::awaitable<T> call) {
    const auto error = error_of(std::move(call));
    return error ? std::optional(error->code()) : std::nullopt;
  }
};

TEST_F(DeviceChanges, OfAStoredDefinitionAreKept) {
  const DomainHandle domain = define();
  events_.clear();
  wait(driver().attach_device(domain.uuid, kDisk, kConfig));
  wait(driver().attach_device(domain.uuid, kUp, 0));  // Current: it does not run
  EXPECT_EQ(events_, Events(2, "guest: defined 1"));
  restart();
  EXPECT_TRUE(shows(domain, "<target dev='vdb'"));
  EXPECT_TRUE(shows(domain, "52:54:00:00:00:0a"));
  wait(driver().detach_device(domain.uuid, "<disk><target dev='vdb'/></disk>", kConfig));
  EXPECT_FALSE(shows(domain, "<target dev='vdb'"));
  restart();
  EXPECT_FALSE(shows(domain, "<target dev='vdb'"));
}

TEST_F(DeviceChanges, ThatBreakARuleChangeNothing) {
  const DomainHandle domain = define();
  wait(driver().attach_device(domain.uuid, kDisk, kConfig));
  const std::string before = driver().xml(domain.uuid, 0);
  EXPECT_EQ(ErrorCode::kOperationInvalid, code_of(driver().attach_device(domain.uuid, kDisk, kConfig)));
  EXPECT_EQ(ErrorCode::kConfigUnsupported, code_of(driver().attach_device(domain.uuid, "<sound/>", kConfig)));
  EXPECT_EQ(ErrorCode::kOperationFailed, code_of(driver().detach_device(domain.uuid, kUp, kConfig)));
  EXPECT_EQ(ErrorCode::kXmlError, code_of(driver().detach_device(domain.uuid, "<disk", kConfig)));
  EXPECT_EQ(before, driver().xml(domain.uuid, 0));
  EXPECT_EQ(ErrorCode::kOperationInvalid, code_of(driver().attach_device(domain.uuid, kUp, kLive)));
}

TEST_F(DeviceChanges, TheLinkOfARunningGuestChangesAndIsFoundAgain) {
  const DomainHandle domain = start(define_with(kUp));
  wait(driver().update_device(domain.uuid, kDown, kLive));
  EXPECT_TRUE(shows(domain, "<link state='down'/>"));
  EXPECT_FALSE(shows(domain, "<link state='down'/>", VIR_DOMAIN_XML_INACTIVE));
  restart();
  wait_until([&] { return driver().state(domain.uuid).state == VIR_DOMAIN_RUNNING; });
  EXPECT_TRUE(shows(domain, "<link state='down'/>"));
  wait(driver().update_device(domain.uuid, kUp, 0));
  EXPECT_TRUE(shows(domain, "<link state='up'/>"));
}

TEST_F(DeviceChanges, TheLinkOfTheStoredDefinitionOrOfBothChanges) {
  const DomainHandle domain = start(define_with(kUp));
  events_.clear();
  wait(driver().update_device(domain.uuid, kDown, kConfig));
  EXPECT_TRUE(shows(domain, "<link state='up'/>"));
  EXPECT_TRUE(shows(domain, "<link state='down'/>", VIR_DOMAIN_XML_INACTIVE));
  EXPECT_EQ(events_, Events{"guest: defined 1"});
  wait(driver().update_device(domain.uuid, kUp, kConfig));
  wait(driver().update_device(domain.uuid, kDown, kLive | kConfig));
  EXPECT_TRUE(shows(domain, "<link state='down'/>"));
  EXPECT_TRUE(shows(domain, "<link state='down'/>", VIR_DOMAIN_XML_INACTIVE));
}

TEST_F(DeviceChanges, ALinkThatTheMonitorDoesNotChangeStaysInBoth) {
  const DomainHandle domain = start(define_with(kUp, "link=refuse"));
  EXPECT_EQ(ErrorCode::kInvalidArgument,
            code_of(driver().update_device(domain.uuid, kDown, kLive | kConfig)));
  EXPECT_TRUE(shows(domain, "<link state='up'/>"));
  EXPECT_TRUE(shows(domain, "<link state='up'/>", VIR_DOMAIN_XML_INACTIVE));
}

TEST_F(DeviceChanges, AllElseOfADeviceIsNotChangedInItsPlace) {
  const DomainHandle domain = start(define_with(kUp));
  EXPECT_EQ(ErrorCode::kOperationUnsupported,
            code_of(driver().update_device(domain.uuid, interface("<mtu size='1400'/>"), kLive)));
  EXPECT_EQ(ErrorCode::kOperationUnsupported, code_of(driver().update_device(domain.uuid, kDisk, kConfig)));
  EXPECT_EQ(ErrorCode::kOperationFailed,
            code_of(driver().update_device(
                domain.uuid, "<interface type='user'><mac address='52:54:00:00:00:0b'/></interface>", 0)));
}

}  // namespace
}  // namespace virtsev::daemon
