// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON as it is written and read.
#include "driver/cli/io/json.hpp"

#include <gtest/gtest.h>

namespace virtsev::cli::test {
namespace {

TEST(Json, KeepsTheOrderOfItsMembersAndReplacesOneWhereItIs) {
  Json value = {{"b", 1U}, {"a", nullptr}, {"c", {{"inner", true}}}};
  value.set("d", std::vector<std::string>{"x"});
  value.set("a", "now");
  EXPECT_EQ(value.dump(), R"({
  "b": 1,
  "a": "now",
  "c": {
    "inner": true
  },
  "d": [
    "x"
  ]
})");
}

TEST(Json, ReplacesWhatIsNotUtf8) { EXPECT_EQ(Json(std::string("/\xff/x")).dump(), "\"/\xef\xbf\xbd/x\""); }

TEST(Json, IsReadAsWhatItIsAndAsNothingElse) {
  const auto value = Json::parse(R"({"text": "7", "number": 7, "less": -7, "truth": true, "list": [1, 2]})");
  ASSERT_TRUE(value.has_value());
  const JsonView view = value->view();
  EXPECT_EQ(view.find("text")->string(), "7");
  EXPECT_EQ(view.find("text")->number(), std::nullopt);
  EXPECT_EQ(view.find("number")->number(), 7U);
  EXPECT_EQ(view.find("number")->truth(), std::nullopt);
  EXPECT_EQ(view.find("less")->number(), std::nullopt);
  EXPECT_EQ(view.find("truth")->truth(), true);
  EXPECT_EQ(view.find("list")->list()->size(), 2U);
  EXPECT_FALSE(view.list().has_value());
  EXPECT_FALSE(view.find("nothing").has_value());
  EXPECT_FALSE(view.find("number")->find("number").has_value());
}

TEST(Json, IsNothingWhereTheTextIsNone) {
  for (const char* text : {"", "{", "{\"a\": 1} more", "\"\xff\"", "nul"}) {
    EXPECT_FALSE(Json::parse(text).has_value()) << text;
  }
  EXPECT_TRUE(Json::parse(std::string(100000, '[') + std::string(100000, ']')).has_value());
}

}  // namespace
}  // namespace virtsev::cli::test
