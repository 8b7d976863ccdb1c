// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev secret: what a platform unpacks is what the owner packed.
#include "sevcore/owner/secret.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sevcore/base/base64.hpp"
#include "sevcore/owner/secret_table.hpp"
#include "tests/driver/cli/fakes/program.hpp"

namespace virtsev::cli::test {
namespace {

using testing::HasSubstr;

class Secret : public testing::Test {
 protected:
  Outcome pack(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"secret",
                                          "--tik",
                                          directory_.write("tik", ByteView(keys_.tik)),
                                          "--tek",
                                          directory_.write("tek", ByteView(keys_.tek)),
                                          "--measurement",
                                          to_base64(sevcore::serialise(measurement_)),
                                          "--out",
                                          directory_.path("out")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return virtsev(arguments);
  }
  [[nodiscard]] Bytes packed(const std::string& name) const {
    return from_base64(read_text(directory_.path("out/" + name))).value();
  }

  sevcore::TransportKeys keys_ = sevcore::TransportKeys::generate();
  sevcore::Measurement measurement_ = sevcore::measure(keys_.tik, {}, {});
  TemporaryDirectory directory_;
  std::string key_ = directory_.write("key", std::string("pass phrase"));
};

TEST_F(Secret, ThePlatformUnpacksTheTableOfSecrets) {
  const std::string guid = "01234567-89ab-cdef-0123-456789abcdef";
  const Outcome outcome = pack({"--entry", "luks-key=" + key_, "--entry", guid + "=" + key_});
  ASSERT_EQ(outcome.status, 0) << outcome.errors;
  const Bytes data = packed("secret.b64");
  const auto table = sevcore::open_secret(keys_, measurement_, packed("secret_header.b64"), data,
                                          static_cast<std::uint32_t>(data.size()));
  ASSERT_TRUE(table.has_value());
  const auto entries = sevcore::parse_secret_table(*table);
  ASSERT_TRUE(entries.has_value());
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[0].guid, sevcore::kLuksKeyGuid);
  EXPECT_EQ((*entries)[0].data, read_bytes(key_));
  EXPECT_EQ((*entries)[1].guid, parse_guid(guid).value());
}

TEST_F(Secret, ThePacketIsForThisLaunchAlone) {
  ASSERT_EQ(pack({"--entry", "luks-key=" + key_}).status, 0);
  const Bytes data = packed("secret.b64");
  sevcore::Measurement other = measurement_;
  other.mnonce[0] ^= 1;
  other = sevcore::measure(keys_.tik, {}, other.mnonce);
  EXPECT_FALSE(sevcore::open_secret(keys_, other, packed("secret_header.b64"), data,
                                    static_cast<std::uint32_t>(data.size())));
}

TEST_F(Secret, AGivenIvMakesTheSamePacketTwice) {
  const std::vector<std::string> arguments = {"--entry", "luks-key=" + key_, "--iv", std::string(32, '7')};
  ASSERT_EQ(pack(arguments).status, 0);
  const Bytes first = packed("secret.b64");
  ASSERT_EQ(pack(arguments).status, 0);
  EXPECT_EQ(packed("secret.b64"), first);
  ASSERT_EQ(pack({"--entry", "luks-key=" + key_}).status, 0);
  EXPECT_NE(packed("secret.b64"), first) << "without --iv it is random";
}

TEST_F(Secret, TakesTekAndTikInOneFileAsSevToolWritesThem) {
  const std::vector<std::string> arguments = {"--entry", "luks-key=" + key_, "--iv", std::string(32, '7')};
  ASSERT_EQ(pack(arguments).status, 0);
  const Bytes expected = packed("secret.b64");
  const Bytes header = packed("secret_header.b64");
  Bytes both(keys_.tek.begin(), keys_.tek.end());
  both.insert(both.end(), keys_.tik.begin(), keys_.tik.end());
  const std::string file = directory_.write("tmp_tk.bin", both);
  const Outcome outcome = virtsev(
      {"secret", "--tik", file, "--tek", file, "--measurement", to_base64(sevcore::serialise(measurement_)),
       "--out", directory_.path("out"), "--entry", "luks-key=" + key_, "--iv", std::string(32, '7')});
  ASSERT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(packed("secret.b64"), expected);
  EXPECT_EQ(packed("secret_header.b64"), header);
}

TEST_F(Secret, IsAskedWronglyWithTwo) {
  EXPECT_EQ(pack({}).status, 2);
  for (const char* entry : {"luks-key", "=key", "no-guid=key", "luks-key=", "luks-key=/nowhere"}) {
    EXPECT_EQ(pack({"--entry", entry}).status, 2) << entry;
  }
  EXPECT_EQ(pack({"--entry", "luks-key=" + key_, "--iv", "77"}).status, 2);
}

TEST_F(Secret, TooLongASecretIsRefused) {
  const std::string large = directory_.write("large", std::string(16384, 'x'));
  EXPECT_EQ(pack({"--entry", "luks-key=" + large}).status, 2);
  EXPECT_EQ(pack({"--entry", "luks-key=/dev/zero"}).status, 2);
}

}  // namespace
}  // namespace virtsev::cli::test
