// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;

TEST(Features, AcceptsWhatEveryGuestHas) {
  const DomainDefinition definition = parse(
      with_feature("<acpi/><apic eoi='on'/><pae/><pmu state='off'/><ioapic driver='kvm'/><smm state='off'/>"
                   "<vmport state='off'/>"));
  EXPECT_TRUE(holds(definition.document, "    <apic eoi='on'/>\n    <pae/>\n"));
}

TEST(Features, AreNotNeeded) { EXPECT_NO_THROW(parse(with("  <features><acpi/></features>\n", ""))); }

TEST(Features, RefusesWhatGuestsDoNotHave) {
  EXPECT_TRUE(
      refuses(with_feature("<hyperv><relaxed state='on'/></hyperv>"), kConfigUnsupported,
              "<features><hyperv> (line 12): virtsev's guests do not have this feature; remove the element"));
  EXPECT_TRUE(
      refuses(with_feature("<vmport state='on'/>"), kConfigUnsupported,
              "<features><vmport> (line 12): virtsev's guests do not have this feature; remove the element"));
}

TEST(Features, RefusesUnknownElements) {
  EXPECT_TRUE(refuses(with_feature("<turbo/>"), kConfigUnsupported,
                      "<features><turbo> (line 12): virtsev does not know this element here; remove it"));
}

TEST(Features, RefusesSystemManagementModeForPlainSevToo) {
  EXPECT_TRUE(
      refuses(plain_sev("<acpi/>", "<smm state='on'/>"), kConfigUnsupported,
              "<features><smm> (line 12): virtsev's guests do not have this feature; remove the element"));
}

TEST(Features, RefusesInterruptControllersOfUserSpaceForPlainSevToo) {
  EXPECT_TRUE(
      refuses(plain_sev("<acpi/>", "<ioapic driver='qemu'/>"), kConfigUnsupported,
              "<features><ioapic> (line 12): virtsev's interrupt controllers are the kernel's; write <ioapic "
              "driver='kvm'/>, or remove the element"));
}

TEST(Clock, IsUtcByDefaultAndKeptOtherwise) {
  EXPECT_TRUE(holds(parse(sample()).document, "  <clock offset='utc'/>\n"));
  EXPECT_TRUE(holds(
      parse(with("  <vcpu>", "<clock offset='utc'><timer name='rtc' tickpolicy='catchup'/></clock><vcpu>"))
          .document,
      "  <clock offset='utc'>\n    <timer name='rtc' tickpolicy='catchup'/>\n  </clock>\n"));
}

}  // namespace
}  // namespace virtsev::domain_xml::test
