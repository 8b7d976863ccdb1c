// SPDX-License-Identifier: LGPL-2.1-or-later
// The bytes that RFC 4506 asks for.
#include <gtest/gtest.h>

#include "driver/xdr/encoder.hpp"

namespace virtsev::xdr {
namespace {

TEST(Encoder, WritesIntegersBigEndian) {
  Encoder encoder;
  encoder.put_uint32(0x20008086);
  encoder.put_int32(-1);
  encoder.put_uint64(0x0102030405060708ULL);
  encoder.put_int64(-2);
  EXPECT_EQ(encoder.bytes(), (Bytes{0x20, 0, 0x80, 0x86, 0xff, 0xff, 0xff, 0xff, 1,    2,    3,    4,
                                    5,    6, 7,    8,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}));
}

TEST(Encoder, WritesDoublesAsIeee754) {
  Encoder encoder;
  encoder.put_double(1.0);
  EXPECT_EQ(encoder.bytes(), (Bytes{0x3f, 0xf0, 0, 0, 0, 0, 0, 0}));
}

TEST(Encoder, WritesBooleansAsZeroAndOne) {
  Encoder encoder;
  encoder.put_bool(true);
  encoder.put_bool(false);
  EXPECT_EQ(encoder.bytes(), (Bytes{0, 0, 0, 1, 0, 0, 0, 0}));
}

TEST(Encoder, PadsEachItemToFourBytes) {
  for (std::size_t length = 0; length <= 8; ++length) {
    Encoder encoder;
    encoder.put_string(std::string(length, 'x'));
    EXPECT_EQ(encoder.size(), 4 + (length + 3) / 4 * 4);
    encoder.put_fixed_opaque(Bytes(length, 7));
    EXPECT_EQ(encoder.size(), 4 + 2 * ((length + 3) / 4 * 4));
    for (std::size_t i = 4 + length; i < 4 + (length + 3) / 4 * 4; ++i) {
      EXPECT_EQ(encoder.bytes()[i], 0);
    }
  }
}

TEST(Encoder, WritesTheWorkedExampleOfRfc4506) {
  Encoder encoder;
  encoder.put_string("sillyprog");
  encoder.put_uint32(2);
  encoder.put_string("lisp");
  encoder.put_string("john");
  encoder.put_opaque(Bytes{'(', 'q', 'u', 'i', 't', ')'});
  EXPECT_EQ(encoder.bytes(),
            (Bytes{0,   0,   0,   9,   's', 'i', 'l', 'l', 'y', 'p', 'r', 'o', 'g', 0,   0, 0,
                   0,   0,   0,   2,   0,   0,   0,   4,   'l', 'i', 's', 'p', 0,   0,   0, 4,
                   'j', 'o', 'h', 'n', 0,   0,   0,   6,   '(', 'q', 'u', 'i', 't', ')', 0, 0}));
}

}  // namespace
}  // namespace virtsev::xdr
