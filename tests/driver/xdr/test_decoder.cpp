// SPDX-License-Identifier: LGPL-2.1-or-later
// What a peer may have written: RFC 4506's forms, and every way in which they can be cut short or lie.
#include <limits>

#include <gtest/gtest.h>

#include "driver/xdr/decoder.hpp"
#include "driver/xdr/encoder.hpp"

namespace virtsev::xdr {
namespace {

// RFC 4506, section 7: the worked example, file "sillyprog", user john, a file of 6 bytes "(quit)".
Bytes worked_example() {
  return {0,   0,   0,   9,   's', 'i', 'l', 'l', 'y', 'p', 'r', 'o', 'g', 0,   0, 0,
          0,   0,   0,   2,   0,   0,   0,   4,   'l', 'i', 's', 'p', 0,   0,   0, 4,
          'j', 'o', 'h', 'n', 0,   0,   0,   6,   '(', 'q', 'u', 'i', 't', ')', 0, 0};
}

TEST(Decoder, ReadsTheWorkedExampleOfRfc4506) {
  const Bytes bytes = worked_example();
  Decoder decoder(bytes);
  EXPECT_EQ(decoder.get_string(255), "sillyprog");
  EXPECT_EQ(decoder.get_uint32(), 2U);  // FILEKIND EXEC
  EXPECT_EQ(decoder.get_string(255), "lisp");
  EXPECT_EQ(decoder.get_string(255), "john");
  EXPECT_EQ(decoder.get_opaque(65535), (Bytes{'(', 'q', 'u', 'i', 't', ')'}));
  EXPECT_TRUE(decoder.ok());
  EXPECT_TRUE(decoder.at_end());
}

TEST(Decoder, EveryTruncationOfAMessageFails) {
  const Bytes whole = worked_example();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    Decoder decoder(ByteView(whole).first(length));
    decoder.get_string(255);
    decoder.get_uint32();
    decoder.get_string(255);
    decoder.get_string(255);
    decoder.get_opaque(65535);
    EXPECT_FALSE(decoder.ok()) << "cut after " << length << " bytes";
  }
}

TEST(Decoder, ReadsBigEndianIntegersOfBothSigns) {
  const Bytes bytes{0xff, 0xff, 0xff, 0xfe, 0x80, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd};
  Decoder decoder(bytes);
  EXPECT_EQ(decoder.get_int32(), -2);
  EXPECT_EQ(decoder.get_uint32(), 0x80000001U);
  EXPECT_EQ(decoder.get_int64(), -3);
  EXPECT_TRUE(decoder.ok());
}

TEST(Decoder, TakesAnyNonZeroValueAsTrue) {
  const Bytes bytes{1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
  Decoder decoder(bytes);
  EXPECT_TRUE(decoder.get_bool());
  EXPECT_TRUE(decoder.get_bool());
  EXPECT_FALSE(decoder.get_bool());
  EXPECT_TRUE(decoder.ok());
}

TEST(Decoder, RefusesAStringLongerThanTheLimit) {
  const Bytes bytes{0, 0, 0, 3, 'a', 'b', 'c', 0};
  Decoder at_limit(bytes);
  EXPECT_EQ(at_limit.get_string(3), "abc");
  EXPECT_TRUE(at_limit.ok());
  Decoder above(bytes);
  EXPECT_EQ(above.get_string(2), "");
  EXPECT_FALSE(above.ok());
}

TEST(Decoder, RefusesAStringWithANulInIt) {
  const Bytes bytes{0, 0, 0, 3, 'a', 0, 'c', 0};
  Decoder decoder(bytes);
  EXPECT_EQ(decoder.get_string(10), "");
  EXPECT_FALSE(decoder.ok());
}

TEST(Decoder, RefusesALengthThatWrapsWhenPadded) {
  for (const std::uint8_t last : {0xfc, 0xfd, 0xfe, 0xff}) {
    const Bytes bytes{0xff, 0xff, 0xff, last, 'a', 'b', 'c', 'd'};
    Decoder decoder(bytes);
    EXPECT_TRUE(decoder.get_opaque(std::numeric_limits<std::uint32_t>::max()).empty());
    EXPECT_FALSE(decoder.ok());
  }
}

TEST(Decoder, RefusesMissingPadding) {
  const Bytes bytes{0, 0, 0, 3, 'a', 'b', 'c'};
  Decoder decoder(bytes);
  decoder.get_string(10);
  EXPECT_FALSE(decoder.ok());
}

TEST(Decoder, RefusesACountWhoseElementsCannotBeThere) {
  const Bytes bytes{0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2};
  Decoder too_few(bytes);
  EXPECT_EQ(too_few.get_count(100), 0U);
  EXPECT_FALSE(too_few.ok());
  const Bytes enough{0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
  Decoder good(enough);
  EXPECT_EQ(good.get_count(100), 2U);
  EXPECT_TRUE(good.ok());
}

TEST(Decoder, RefusesACountAboveTheLimitAndAProductThatWraps) {
  const Bytes bytes{0x40, 0, 0, 0, 0, 0, 0, 0};
  Decoder limited(bytes);
  limited.get_count(10);
  EXPECT_FALSE(limited.ok());
  Decoder wrapping(bytes);  // 2^30 elements of 4 bytes are 0 modulo 2^32
  wrapping.get_count(std::numeric_limits<std::uint32_t>::max(), 4);
  EXPECT_FALSE(wrapping.ok());
}

TEST(Decoder, StaysFailedAndGivesZeros) {
  const Bytes bytes{0, 0, 0, 9, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 9};
  Decoder decoder(bytes);
  decoder.get_string(1);
  EXPECT_FALSE(decoder.ok());
  EXPECT_EQ(decoder.get_uint32(), 0U);
  EXPECT_EQ(decoder.get_uint64(), 0U);
  EXPECT_FALSE(decoder.get_bool());
  EXPECT_EQ(decoder.get_double(), 0.0);
  EXPECT_EQ(decoder.get_count(10), 0U);
  ByteArray<4> fixed{1, 2, 3, 4};
  decoder.get_fixed_opaque(fixed);
  EXPECT_EQ(fixed, (ByteArray<4>{}));
  EXPECT_FALSE(decoder.ok());
}

TEST(Decoder, FixedOpaqueIsFilledExactlyOrNotAtAll) {
  const Bytes bytes{1, 2, 3, 4, 5, 0, 0, 0};
  ByteArray<5> five{};
  Decoder decoder(bytes);
  decoder.get_fixed_opaque(five);
  EXPECT_TRUE(decoder.ok());
  EXPECT_TRUE(decoder.at_end());
  EXPECT_EQ(five, (ByteArray<5>{1, 2, 3, 4, 5}));
  ByteArray<9> nine{9};
  Decoder longer(bytes);
  longer.get_fixed_opaque(nine);
  EXPECT_FALSE(longer.ok());
  EXPECT_EQ(nine, (ByteArray<9>{}));
}

TEST(Decoder, ReadsBackAllThatAnEncoderWrites) {
  Encoder encoder;
  encoder.put_int32(std::numeric_limits<std::int32_t>::min());
  encoder.put_uint64(0x0123456789abcdefULL);
  encoder.put_int64(std::numeric_limits<std::int64_t>::min());
  encoder.put_double(-1.5);
  encoder.put_bool(true);
  encoder.put_string("");
  encoder.put_opaque(Bytes{1, 2, 3, 4, 5});
  const Bytes bytes = encoder.take();
  Decoder decoder(bytes);
  EXPECT_EQ(decoder.get_int32(), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(decoder.get_uint64(), 0x0123456789abcdefULL);
  EXPECT_EQ(decoder.get_int64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(decoder.get_double(), -1.5);
  EXPECT_TRUE(decoder.get_bool());
  EXPECT_EQ(decoder.get_string(0), "");
  EXPECT_EQ(decoder.get_opaque(5), (Bytes{1, 2, 3, 4, 5}));
  EXPECT_TRUE(decoder.ok());
  EXPECT_TRUE(decoder.at_end());
}

}  // namespace
}  // namespace virtsev::xdr
