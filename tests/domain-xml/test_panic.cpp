// SPDX-License-Identifier: LGPL-2.1-or-later
// <panic>.
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;
using Names = std::vector<std::string>;

TEST(Panic, IsADeviceOnPci) {
  for (const std::string panic :
       {"<panic model='pvpanic'/>", "<panic/>",
        "<panic model='pvpanic'><address type='isa' iobase='0x505'/><alias name='panic0'/></panic>"}) {
    const DomainDefinition definition = parse(with_device(panic));
    EXPECT_EQ(definition.panic.value().slot, 1) << panic;
    EXPECT_TRUE(definition.not_used.empty());
    EXPECT_TRUE(holds(definition.document,
                      "    <panic model='pvpanic'>\n"
                      "      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0'/>\n"
                      "    </panic>\n"))
        << definition.document;
    EXPECT_EQ(parse(definition.document), definition);
    LiveState live;
    live.id = 1;
    EXPECT_TRUE(holds(format(definition, &live), "<alias name='panic0'/>"));
  }
}

TEST(Panic, OnIsaIsGivenOnPciAndNamed) {
  const DomainDefinition definition = parse(with_device("<panic model='isa'/>"));
  EXPECT_EQ(definition.panic.value().slot, 1);
  EXPECT_EQ(definition.not_used, Names{"<devices><panic model='isa'>"});
  EXPECT_TRUE(holds(definition.document, "<panic model='isa'>"));
}

TEST(Panic, RefusesOtherModels) {
  for (const std::string model : {"hyperv", "pseries", "s390"}) {
    EXPECT_TRUE(refuses(with_device("<panic model='" + model + "'/>"), kConfigUnsupported,
                        "<devices><panic> (line 14): model='" + model +
                            "' is not there; write model='pvpanic', which is the same device on PCI, or "
                            "remove the element"));
  }
}

TEST(Panic, IsThereOnce) {
  EXPECT_TRUE(
      refuses(with_device("<panic model='pvpanic'/>\n<panic model='pvpanic'/>"), kConfigUnsupported,
              "<devices><panic> (line 15): a guest has one device to say that it panicked; remove the "
              "element"));
}

TEST(Panic, CrashActionsThatWriteOrRenameAreRefusedByName) {
  for (const std::string action : {"coredump-destroy", "coredump-restart", "rename-restart"}) {
    EXPECT_THROW(parse(with("  <devices>", "  <on_crash>" + action + "</on_crash>\n  <devices>")), Error)
        << action;
  }
}

}  // namespace
}  // namespace virtsev::domain_xml::test
