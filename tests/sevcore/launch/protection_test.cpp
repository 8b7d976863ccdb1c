// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/launch/protection.hpp"

#include <gtest/gtest.h>

namespace virtsev::sevcore {
namespace {

TEST(Protection, IsSevEsWhereThePolicySaysSo) {
  EXPECT_EQ(make_protection(Policy(1)), Protection(Sev{Policy(1), {}}));
  EXPECT_EQ(make_protection(Policy(5), {{1}, {2}}, VmsaFlavour::kLegacy),
            Protection(SevEs{Policy(5), {{1}, {2}}, VmsaFlavour::kLegacy}));
}

TEST(Protection, TellsOfEachKindWhatItHas) {
  const Protection none = Unprotected{};
  const Protection sev = make_protection(Policy(1), {{1}, {2}}, VmsaFlavour::kLegacy);
  const Protection es = make_protection(Policy(7), {{3}, {4}}, VmsaFlavour::kLegacy);
  const Protection snp = Snp{SnpPolicy(0x30000), 0x21};
  EXPECT_FALSE(is_protected(none));
  EXPECT_TRUE(is_protected(sev) && is_protected(es) && is_protected(snp));
  EXPECT_FALSE(encrypts_state(none) || encrypts_state(sev));
  EXPECT_TRUE(encrypts_state(es) && encrypts_state(snp));
  EXPECT_EQ(policy_of(none), std::nullopt);
  EXPECT_EQ(policy_of(es), Policy(7));
  EXPECT_EQ(policy_of(snp), std::nullopt) << "it has one of another layout";
  EXPECT_EQ(policy_value(snp), 0x30000U);
  EXPECT_EQ(owner_of(es).session, Bytes{4});
  EXPECT_TRUE(owner_of(none).session.empty());
  EXPECT_EQ(flavour_of(sev), std::nullopt) << "nothing of it is measured";
  EXPECT_EQ(flavour_of(es), VmsaFlavour::kLegacy);
  EXPECT_EQ(interface_of(sev), VmsaFlavour::kLegacy);
  EXPECT_EQ(interface_of(snp), VmsaFlavour::kInit2);
  EXPECT_EQ(name_of(none) + name_of(sev) + name_of(es) + name_of(snp), "unprotectedSEVSEV-ESSEV-SNP");
}

TEST(Protection, OfAGuestThatIsToldOfHasNoOwner) {
  EXPECT_EQ(without_owner(make_protection(Policy(5), {{1}, {2}})), make_protection(Policy(5)));
  EXPECT_EQ(without_owner(make_protection(Policy(1), {{1}, {2}})), make_protection(Policy(1)));
}

TEST(SnpPolicy, IsDescribedByTheNamesOfItsBits) {
  EXPECT_EQ(describe(SnpPolicy(0x30000)), "0x30000: SMT");
  EXPECT_EQ(describe(SnpPolicy(0xb0137)), "0xb0137: SMT, DEBUG, firmware API 1.55 or later");
}

TEST(SnpPolicy, IsReadAsLibvirtAndAsTheCommandLineWriteIt) {
  EXPECT_EQ(parse_xml_snp_policy("30000"), SnpPolicy(0x30000));
  EXPECT_EQ(parse_xml_snp_policy("0x123456789"), SnpPolicy(0x123456789));
  EXPECT_EQ(parse_command_line_snp_policy("196608"), SnpPolicy(0x30000));
  for (const char* wrong : {"", "0x", "-1", "3 ", "10000000000000000"}) {
    EXPECT_FALSE(parse_xml_snp_policy(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace virtsev::sevcore
