// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/abi/measurement.hpp"

#include <gtest/gtest.h>

#include "tests/sevcore/bytes_helpers.hpp"

namespace virtsev::sevcore {
namespace {

using test::array_of;

// The published example of sev-tool (github.com/AMDESE/sev-tool, test_calc_measurement).
const auto kTik = array_of<16>("66320db73158a35a255d051758e95ed4");
const MeasuredLaunch kLaunch{
    {0x00, 0x12, 0x0f},
    Policy(0),
    array_of<32>("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")};
const Measurement kMeasurement{
    array_of<32>("6faab2daae389bcd3405a05d6cafe33c0414f7bedd0bae19ba5f38b7fd1664ea"),
    array_of<16>("4fbe0bedbad6c86ae8f68971d103e554")};

TEST(Measurement, IsTheOneThatSevToolPublished) {
  EXPECT_EQ(measure(kTik, kLaunch, kMeasurement.mnonce), kMeasurement);
}

TEST(Measurement, MatchesWhatTheOwnerExpects) {
  const auto verdict = verify_measurement(kTik, kLaunch, kMeasurement);
  EXPECT_TRUE(verdict.matches);
  EXPECT_EQ(verdict.other_policy, std::nullopt);
}

TEST(Measurement, TellsUnderWhichOtherPolicyTheGuestWasLaunched) {
  MeasuredLaunch expected = kLaunch;
  expected.policy = Policy(0x5);
  const auto verdict = verify_measurement(kTik, expected, kMeasurement);
  EXPECT_FALSE(verdict.matches);
  EXPECT_EQ(verdict.other_policy, Policy(0));
}

TEST(Measurement, DoesNotMatchAnotherDigestKeyOrFirmware) {
  const auto matches = [](const ByteArray<16>& tik, const MeasuredLaunch& launch) {
    const auto verdict = verify_measurement(tik, launch, kMeasurement);
    return verdict.matches || verdict.other_policy.has_value();
  };
  auto tik = kTik;
  tik[15] ^= 1;
  EXPECT_FALSE(matches(tik, kLaunch));
  for (std::size_t i = 0; i < 32; ++i) {
    MeasuredLaunch launch = kLaunch;
    launch.digest[i] ^= 1;
    EXPECT_FALSE(matches(kTik, launch)) << i;
  }
  for (const FirmwareVersion other : {FirmwareVersion{1, 0x12, 0x0f}, {0, 0x13, 0x0f}, {0, 0x12, 0x10}}) {
    MeasuredLaunch launch = kLaunch;
    launch.firmware = other;
    EXPECT_FALSE(matches(kTik, launch));
  }
}

TEST(Measurement, DoesNotMatchWithAnyOfItsBytesChanged) {
  const auto bytes = serialise(kMeasurement);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto changed = bytes;
    changed[i] ^= 1;
    EXPECT_FALSE(verify_measurement(kTik, kLaunch, parse_measurement(changed).value()).matches)
        << "byte " << i;
  }
}

TEST(Measurement, Is48BytesLong) {
  const auto bytes = serialise(kMeasurement);
  EXPECT_EQ(parse_measurement(bytes), kMeasurement);
  EXPECT_EQ(parse_measurement(ByteView(bytes).first(47)), std::nullopt);
  EXPECT_EQ(parse_measurement(Bytes(49)), std::nullopt);
}

}  // namespace
}  // namespace virtsev::sevcore
