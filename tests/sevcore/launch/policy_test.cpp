// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/launch/policy.hpp"

#include <gtest/gtest.h>

#include "sevcore/base/error.hpp"

namespace virtsev::sevcore {
namespace {

TEST(Policy, NamesItsBits) {
  EXPECT_EQ(describe(Policy(0x5)), "0x0005: NODBG, ES");
  EXPECT_EQ(describe(Policy(0x3f)), "0x003f: NODBG, NOKS, ES, NOSEND, DOMAIN, SEV");
}

TEST(Policy, NamesTheApiVersionAndReservedBits) {
  const Policy policy(0x37010041);
  EXPECT_EQ(policy.api_major(), 1);
  EXPECT_EQ(policy.api_minor(), 0x37);
  EXPECT_EQ(describe(policy), "0x37010041: NODBG, firmware API 1.55 or later, reserved bits 0x40");
}

TEST(Policy, SaysThatZeroProtectsNothing) {
  EXPECT_EQ(describe(Policy(0)), "0x0000: nothing is required, and the host may debug the guest");
}

TEST(Policy, PassesTheCheckWithoutReservedBits) { EXPECT_NO_THROW(check(Policy(0x3701003f))); }

TEST(Policy, FailsTheCheckForEachReservedBit) {
  for (unsigned bit = 6; bit < 16; ++bit) {
    try {
      check(Policy(0x5 | 1U << bit));
      FAIL() << bit;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kConfigUnsupported);
      EXPECT_NE(std::string(error.what()).find("write 0x0005"), std::string::npos) << error.what();
    }
  }
}

TEST(PolicyInXml, IsBase16WithOrWithoutPrefix) {
  EXPECT_EQ(parse_xml_policy("0x0005"), Policy(5));
  EXPECT_EQ(parse_xml_policy("10"), Policy(0x10));
  EXPECT_EQ(parse_xml_policy("0Xffffffff"), Policy(0xffffffff));
}

TEST(PolicyOnTheCommandLine, IsDecimalUnlessPrefixed) {
  EXPECT_EQ(parse_command_line_policy("10"), Policy(10));
  EXPECT_EQ(parse_command_line_policy("0x10"), Policy(0x10));
}

TEST(PolicyText, IsRefusedWhereItIsNoNumber) {
  for (const char* text : {"", "0x", " 5", "5 ", "-1", "+5", "0x100000000", "0x0x5", "5g"}) {
    EXPECT_EQ(parse_xml_policy(text), std::nullopt) << text;
    EXPECT_EQ(parse_command_line_policy(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_command_line_policy("a"), std::nullopt);
  EXPECT_EQ(parse_command_line_policy("4294967296"), std::nullopt);
}

}  // namespace
}  // namespace virtsev::sevcore
