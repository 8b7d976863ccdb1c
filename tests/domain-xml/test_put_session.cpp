// SPDX-License-Identifier: LGPL-2.1-or-later
// The owner's session in the owner's document.
#include "domain-xml/put_session.hpp"
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

constexpr sevcore::Policy kPolicy{5};

std::string refusal(const std::string& xml) {
  try {
    put_session(xml, kPolicy, "CERT", "SESSION");
    return "(taken)";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(PutSession, AddsBothAndLeavesTheRestAsItWasWritten) {
  const std::string xml = R"(<!-- Mine. -->
<domain type="kvm">
   <name>a &amp; b</name>   <!-- Odd,
      but so. -->
  <launchSecurity type='sev'>
      <policy>0x0005</policy>
  </launchSecurity>
</domain>
)";
  EXPECT_EQ(R"(<!-- Mine. -->
<domain type="kvm">
   <name>a &amp; b</name>   <!-- Odd,
      but so. -->
  <launchSecurity type="sev">
      <policy>0x0005</policy>
      <dhCert>CERT</dhCert>
      <session>SESSION</session>
  </launchSecurity>
</domain>
)",
            put_session(xml, kPolicy, "CERT", "SESSION"));
}

TEST(PutSession, TakesThePlaceOfAnOlderOne) {
  const std::string xml =
      "<domain><launchSecurity type=\"sev\"><session>old</session><policy>5</policy><dhCert>old</dhCert>"
      "</launchSecurity></domain>\n";
  const std::string once = put_session(xml, kPolicy, "CERT", "SESSION");
  EXPECT_EQ(
      "<domain><launchSecurity type=\"sev\"><session>SESSION</session><policy>5</policy><dhCert>CERT</dhCert>"
      "</launchSecurity></domain>\n",
      once);
  EXPECT_EQ(once, put_session(once, kPolicy, "CERT", "SESSION"));
}

TEST(PutSession, NeedsALaunchOfThatPolicy) {
  const auto domain = [](const std::string& content) { return "<domain>" + content + "</domain>"; };
  const std::string no_launch = "no <launchSecurity type='sev'>";
  const std::string other_policy = "not the session's, 0x0005";
  EXPECT_TRUE(holds(refusal(domain("")), no_launch));
  EXPECT_TRUE(
      holds(refusal(domain("<launchSecurity type='tdx'><policy>5</policy></launchSecurity>")), no_launch));
  EXPECT_TRUE(holds(refusal("<launchSecurity type='sev'><policy>5</policy></launchSecurity>"), no_launch));
  EXPECT_TRUE(holds(refusal(domain("<launchSecurity type='sev'/>")), other_policy));
  EXPECT_TRUE(holds(refusal(domain("<launchSecurity type='sev'><policy>0x7</policy></launchSecurity>")),
                    other_policy));
  EXPECT_TRUE(holds(refusal("<domain>"), "can't be read"));
}

}  // namespace
}  // namespace virtsev::domain_xml::test
