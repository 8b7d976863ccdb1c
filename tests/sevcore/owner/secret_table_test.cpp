// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/owner/secret_table.hpp"

#include <gtest/gtest.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/owner/secret.hpp"

namespace virtsev::sevcore {
namespace {

const Guid kOther = *parse_guid("11111111-2222-3333-4444-555555555555");

TEST(SecretTable, IsLaidOutAsVirtQemuSevValidateDoesIt) {  // libvirt 9.0, the same pass phrase
  EXPECT_EQ(to_hex(build_secret_table({{kLuksKeyGuid, {'s', 'e', 'c', 'r', 'e', 't'}}})),
            "42f5741edd71664d963eef4287ff173b2e000000e5696873f084734992ec06879ce3da0b1a000000"
            "7365637265740000");
}

TEST(SecretTable, KeepsEntriesInOrder) {
  const std::vector<SecretEntry> entries = {
      {kOther, Bytes(3, 1)}, {kLuksKeyGuid, {}}, {kOther, Bytes(100, 2)}};
  const Bytes table = build_secret_table(entries);
  EXPECT_EQ(table.size() % 16, 0U);
  EXPECT_EQ(parse_secret_table(table), entries);
}

TEST(SecretTable, MayBeEmpty) {
  const Bytes table = build_secret_table({});
  EXPECT_EQ(table.size(), 32U);
  EXPECT_EQ(parse_secret_table(table), std::vector<SecretEntry>{});
}

TEST(SecretTable, LeavesOutDeletedEntries) {
  const Bytes table = build_secret_table({{Guid{}, Bytes(4)}, {kOther, Bytes(4)}});
  EXPECT_EQ(parse_secret_table(table)->size(), 1U);
}

TEST(SecretTable, CantBeLongerThanAPacket) {
  EXPECT_THROW(build_secret_table({{kOther, Bytes(SecretPacket::kMaxData)}}), Error);
  EXPECT_EQ(build_secret_table({{kOther, Bytes(SecretPacket::kMaxData - 40)}}).size(),
            SecretPacket::kMaxData);
}

TEST(SecretTable, IsNotReadWithoutAValidHeader) {
  const Bytes good = build_secret_table({{kOther, Bytes(4)}});
  EXPECT_EQ(parse_secret_table({}), std::nullopt);
  EXPECT_EQ(parse_secret_table(ByteView(good).first(19)), std::nullopt);
  Bytes table = good;
  table[0] ^= 1;
  EXPECT_EQ(parse_secret_table(table), std::nullopt);
  table = good;
  put_le<std::uint32_t>(table, 16, 19);
  EXPECT_EQ(parse_secret_table(table), std::nullopt);
  put_le<std::uint32_t>(table, 16, static_cast<std::uint32_t>(table.size() + 1));
  EXPECT_EQ(parse_secret_table(table), std::nullopt);
}

TEST(SecretTable, EndsAtAnEntryThatDoesNotFit) {
  const Bytes good = build_secret_table({{kOther, Bytes(4)}, {kLuksKeyGuid, Bytes(4)}});
  for (const std::uint32_t length : {0U, 19U, 25U, 0xffffffffU}) {
    Bytes table = good;
    put_le<std::uint32_t>(table, 20 + 24 + 16, length);
    EXPECT_EQ(parse_secret_table(table)->size(), 1U) << length;
  }
}

TEST(SecretName, IsAnAliasOrAGuid) {
  EXPECT_EQ(parse_secret_name("luks-key"), kLuksKeyGuid);
  EXPECT_EQ(parse_secret_name("11111111-2222-3333-4444-555555555555"), kOther);
  EXPECT_EQ(parse_secret_name("luks"), std::nullopt);
}

}  // namespace
}  // namespace virtsev::sevcore
