// SPDX-License-Identifier: LGPL-2.1-or-later
// The file in which a monitor that ended alone left its reason.
#include <gtest/gtest.h>

#include "driver/control/codec.hpp"

namespace virtsev::control::test {
namespace {

TEST(EndFile, GivesTheReasonBack) {
  const auto ended = parse_end_file(end_file_content({EndReason::kPanic, "triple fault"}));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->reason, EndReason::kPanic);
  EXPECT_EQ(ended->text, "triple fault");
}

TEST(EndFile, AnEmptyOneGivesNothing) { EXPECT_FALSE(parse_end_file({})); }

TEST(EndFile, NoTruncatedOneGivesAReason) {
  Bytes content = end_file_content({EndReason::kPanic, "triple fault"});
  while (!content.empty()) {
    content.pop_back();
    EXPECT_FALSE(parse_end_file(content));
  }
}

TEST(EndFile, AnotherEventGivesNothing) {
  EXPECT_FALSE(parse_end_file(encode(Event(ConsoleSilent{"x"})).bytes));
}

}  // namespace
}  // namespace virtsev::control::test
