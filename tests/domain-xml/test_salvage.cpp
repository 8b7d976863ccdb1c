// SPDX-License-Identifier: LGPL-2.1-or-later
// The definition of a domain that runs, and that the rules refuse by now.
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

const Identity kIdentity{"guest", *parse_uuid("c7a5fdbd-cdaf-9455-926a-d65c16db1809")};

TEST(Salvage, ReadsEveryPartThatIsGoodByItself) {
  const DomainDefinition definition = salvage(with("<vcpu>2</vcpu>", "<vcpu>none</vcpu>"), kIdentity);
  EXPECT_EQ(1U, definition.vcpus);
  EXPECT_EQ(512ULL << 20, definition.memory_bytes);
  EXPECT_EQ("/boot/vmlinuz", definition.os.kernel);
  ASSERT_TRUE(definition.launch_security);
  EXPECT_EQ(7U, definition.launch_security->policy.value());
  EXPECT_EQ(1U, definition.serials.size());
}

TEST(Salvage, ForgetsAPartThatIsBadInTheMiddle) {
  const DomainDefinition definition =
      salvage(with_security("<cbitpos>47</cbitpos><dhCert>AAAA</dhCert>"), kIdentity);
  EXPECT_FALSE(definition.launch_security);
  EXPECT_EQ(2U, definition.vcpus);
}

TEST(Salvage, ShowsTheDocumentAsItWas) {
  const DomainDefinition definition = salvage(with("<policy>0x0007", "<policy>0xffff"), kIdentity);
  EXPECT_TRUE(holds(format(definition), "<policy>0xffff</policy>"));
  LiveState live;
  live.id = 7;
  live.console_path = "/dev/pts/3";
  EXPECT_TRUE(holds(format(definition, &live), "id='7'"));
  EXPECT_TRUE(holds(format(definition, &live), "/dev/pts/3"));
}

TEST(Salvage, OfNoXmlAtAllIsNameAndUuid) {
  for (const std::string& xml : {std::string(), std::string("<domain"), std::string("<other/>"),
                                 with("<devices>", "<devices/><devices>")}) {
    const DomainDefinition definition = salvage(xml, kIdentity);
    EXPECT_EQ("guest", definition.name);
    EXPECT_EQ(kIdentity.uuid, definition.uuid);
    EXPECT_EQ(kIdentity.uuid, identity_of(format(definition))->uuid);
    LiveState live;
    live.console_path = "/dev/pts/3";
    EXPECT_NO_THROW(format(definition, &live));
  }
}

TEST(Salvage, LaunchesNothingAnew) {
  const std::string restarts =
      changed(plain_sev("<vcpu>2</vcpu>", "<vcpu>none</vcpu>"), "<devices>",
              "<on_poweroff>restart</on_poweroff><on_crash>restart</on_crash><devices>");
  const DomainDefinition definition = salvage(restarts, kIdentity);
  EXPECT_EQ(LifecycleAction::kDestroy, definition.on_poweroff);
  EXPECT_EQ(LifecycleAction::kDestroy, definition.on_reboot);
  EXPECT_EQ(LifecycleAction::kDestroy, definition.on_crash);
}

}  // namespace
}  // namespace virtsev::domain_xml::test
