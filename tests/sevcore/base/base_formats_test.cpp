// SPDX-License-Identifier: LGPL-2.1-or-later
// Base64, hexadecimal digits and GUIDs.
#include <gtest/gtest.h>

#include "sevcore/base/base64.hpp"
#include "sevcore/base/guid.hpp"
#include "sevcore/base/hex.hpp"

namespace virtsev {
namespace {

Bytes copy_of(std::string_view text) { return {text.begin(), text.end()}; }

TEST(Base64, AgreesWithTheStandard) {  // RFC 4648, section 10
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(to_base64(bytes_of(plain)), encoded);
    EXPECT_EQ(from_base64(encoded), copy_of(plain)) << encoded;
  }
}

TEST(Base64, UsesTheWholeAlphabet) {
  const Bytes bytes = {0xfb, 0xef, 0xff};
  EXPECT_EQ(to_base64(bytes), "++//");
  EXPECT_EQ(from_base64("++//"), bytes);
}

TEST(Base64, SkipsWhiteSpace) { EXPECT_EQ(from_base64("\n  Zm9v\r\n\tYg =\n=  "), copy_of("foob")); }

TEST(Base64, RefusesWhatIsNotExact) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zh==", "Zm9=", "Zm9v=",
                           "Zg==Zg==", "Zm9vYg==Z", "Z=g=", "Zm9-", "Zm9_", "Zm9v!", "\x80\x80\x80\x80"}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
}

TEST(Base64, RefusesANulInside) { EXPECT_EQ(from_base64(std::string_view("Zm9v\0Zg==", 9)), std::nullopt); }

TEST(Hex, ReadsEitherCaseAndWritesLower) {
  EXPECT_EQ(from_hex("00aBFf"), (Bytes{0x00, 0xab, 0xff}));
  EXPECT_EQ(to_hex(Bytes{0x00, 0xab, 0xff}), "00abff");
}

TEST(Hex, RefusesOddLengthsAndOtherCharacters) {
  for (const char* text : {"0", "abc", "0x", "g0", "0g", " 0", "+1", "-1"}) {
    EXPECT_EQ(from_hex(text), std::nullopt) << text;
  }
}

TEST(Guid, IsStoredMixedEndian) {
  const auto guid = parse_guid("1e74f542-71DD-4d66-963e-ef4287ff173b");
  ASSERT_TRUE(guid);
  EXPECT_EQ(to_hex(guid->bytes), "42f5741edd71664d963eef4287ff173b");
  EXPECT_EQ(to_string(*guid), "1e74f542-71dd-4d66-963e-ef4287ff173b");
}

TEST(Guid, RefusesOtherTexts) {
  for (const char* text : {"", "1e74f542-71dd-4d66-963e-ef4287ff173", "1e74f542-71dd-4d66-963e-ef4287ff173b0",
                           "1e74f542+71dd-4d66-963e-ef4287ff173b", "1e74f542-71dd-4d66-963eeef4287ff173b",
                           "{1e74f542-71dd-4d66-963e-ef4287ff173}", "1e74f54g-71dd-4d66-963e-ef4287ff173b"}) {
    EXPECT_EQ(parse_guid(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace virtsev
