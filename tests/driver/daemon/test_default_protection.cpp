// SPDX-License-Identifier: LGPL-2.1-or-later
// default_launch_security: what new definitions get that say nothing of their protection, and no others.
#include <libvirt/libvirt.h>

#include "driver/daemon/files/read_file.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

constexpr const char* kNone =
    "<virtsev:protection xmlns:virtsev='http://libvirt.org/schemas/domain/virtsev/1.0' type='none'/>";
constexpr const char* kAdded = "<launchSecurity type='sev'>\n    <policy>0x0007</policy>";

class DefaultProtection : public HypervisorTest {
 protected:
  DefaultProtection() { with_default(false); }

  void with_default(bool allow_unprotected) {
    configuration_.default_launch_security = sevcore::Policy(7);
    configuration_.file = "/etc/some.conf";
    configuration_.allow_unprotected = allow_unprotected;
    restart();
  }
  void without_default() {
    configuration_.default_launch_security.reset();
    configuration_.allow_unprotected = true;
    restart();
  }
  /// Says nothing of its protection, but for `more`.
  std::string plain(const std::string& more = "", const std::string& uuid = "") const {
    std::string document = xml({.uuid = uuid, .more = more});
    return document.erase(document.find("<launchSecurity"),
                          document.find("</domain>") - document.find("<launchSecurity"));
  }
  std::string shown(const DomainHandle& domain) { return driver().xml(domain.uuid, 0); }
  [[nodiscard]] std::string stored() const { return read_small(layout_.definitions + "/guest.xml"); }
  static bool holds(const std::string& whole, const std::string& piece) {
    return whole.find(piece) != std::string::npos;
  }
  std::string refusal(const std::string& document) {
    const auto error = error_of(driver().define(document, 0));
    return error ? error->what() : "taken";
  }
  bool says(const DomainHandle& domain, const std::string& piece) {
    for (const std::string& message : driver().messages(domain.uuid)) {
      if (holds(message, piece)) {
        return true;
      }
    }
    return false;
  }
  /// From the time when nothing was added.
  DomainHandle stored_before() {
    without_default();
    return wait(driver().define(plain(), 0));
  }
};

TEST_F(DefaultProtection, IsAddedToNewDefinitionsShownAndStored) {
  const DomainHandle domain = wait(driver().define(plain(), 0));
  EXPECT_TRUE(holds(shown(domain), kAdded)) << shown(domain);
  EXPECT_TRUE(holds(stored(), kAdded)) << stored();
  EXPECT_FALSE(says(domain, "tainted"));
  restart();
  EXPECT_TRUE(holds(shown(domain), kAdded));
}

TEST_F(DefaultProtection, IsAddedToGuestsThatAreCreated) {
  const DomainHandle domain = wait(driver().create(plain(), 0, 1));
  EXPECT_TRUE(holds(shown(domain), "<policy>0x0007</policy>"));
  EXPECT_EQ(status_of(domain).launch.measurement.size(), 48U);
}

TEST_F(DefaultProtection, WinsOverUnprotectedGuestsThatAreAllowed) {
  with_default(true);
  EXPECT_TRUE(holds(shown(wait(driver().define(plain(), 0))), kAdded));
}

TEST_F(DefaultProtection, LeavesWhatADefinitionSays) {
  EXPECT_TRUE(holds(shown(define()), "<policy>0x0001</policy>"));
  EXPECT_TRUE(holds(refusal(plain("<launchSecurty type='sev'/>")), "is spelt <launchSecurity>"));
}

TEST_F(DefaultProtection, NeverTouchesWhatIsStoredNorHowItStarts) {
  const DomainHandle domain = stored_before();
  const std::string before = stored();
  with_default(true);
  EXPECT_FALSE(holds(shown(domain), "launchSecurity"));
  EXPECT_EQ(stored(), before);
  EXPECT_TRUE(says(domain, "default_launch_security in /etc/some.conf does not count for it"));
  start(domain);
  EXPECT_EQ(status_of(domain).asid, 0U) << "no platform was asked";
  EXPECT_FALSE(holds(shown(domain), "launchSecurity"));
}

TEST_F(DefaultProtection, LeavesAStoredGuestWithoutProtectionWhenItIsDefinedAgain) {
  const DomainHandle domain = stored_before();
  with_default(true);
  wait(driver().define(plain("", domain_xml::format_uuid(domain.uuid)), 0));
  EXPECT_FALSE(holds(shown(domain), "launchSecurity"));
  EXPECT_TRUE(says(domain, "does not count for it"));
  // Another one of that name would be a new one.
  wait(driver().undefine(domain.uuid, 0));
  EXPECT_TRUE(
      holds(shown(wait(driver().define(plain("", domain_xml::format_uuid(domain.uuid)), 0))), kAdded));
}

TEST_F(DefaultProtection, RefusesAStoredGuestWithoutProtectionWhereThatIsNotAllowed) {
  const DomainHandle domain = stored_before();
  with_default(false);
  const std::string again = plain("", domain_xml::format_uuid(domain.uuid));
  EXPECT_TRUE(holds(refusal(again), "it has no <launchSecurity>"));
  EXPECT_FALSE(holds(stored(), "launchSecurity"));
  // With an element of its own it is protected from then on.
  std::string made = again;
  made.insert(made.find("</domain>"), "<launchSecurity type='sev'><policy>0x3</policy></launchSecurity>");
  EXPECT_TRUE(holds(shown(wait(driver().define(made, 0))), "<policy>0x0003</policy>"));
}

TEST_F(DefaultProtection, IsNotForThoseWhoSayThatTheyWantNone) {
  EXPECT_TRUE(holds(refusal(plain(kNone)), "or set allow_unprotected = 1"));
  with_default(true);
  const DomainHandle domain = start(wait(driver().define(plain(kNone), 0)));
  EXPECT_EQ(status_of(domain).asid, 0U) << "no platform was asked";
  EXPECT_TRUE(says(domain, "tainted: no <launchSecurity>"));
  EXPECT_FALSE(says(domain, "does not count for it"));
  EXPECT_TRUE(holds(stored(), "protection")) << "so it stays when it is defined again elsewhere";
}

TEST_F(DefaultProtection, IsNamedInTheProblemsThatFollowFromIt) {
  const std::string restart = "<on_reboot>restart</on_reboot>";
  EXPECT_TRUE(holds(refusal(plain(restart)), "(it is one by default_launch_security in /etc/some.conf)"));
  std::string own = xml({.policy = "0x0007", .more = restart});
  EXPECT_FALSE(holds(refusal(own), "default_launch_security"));
}

TEST_F(DefaultProtection, IsNamedWhereTheHostCantGiveIt) {
  configuration_.platform = control::Platform::kHardware;
  configuration_.sev_device = "/nowhere/sev";
  restart();
  const auto error = error_of(driver().create(plain(), 0, 1));
  ASSERT_TRUE(error);
  EXPECT_TRUE(holds(error->what(), "(the guest is protected by default_launch_security in /etc/some.conf)"))
      << error->what();
  const auto own = error_of(driver().create(xml(), 0, 1));
  ASSERT_TRUE(own);
  EXPECT_FALSE(holds(own->what(), "default_launch_security")) << own->what();
}

}  // namespace
}  // namespace virtsev::daemon
