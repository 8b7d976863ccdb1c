// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/abi/measurement.hpp"

#include <algorithm>

#include "sevcore/crypto/crypto.hpp"

namespace virtsev::sevcore {
namespace {

/// Marks what the MAC is about (SEV API, LAUNCH_MEASURE).
constexpr std::uint8_t kMeasureContext = 0x04;

/// Bits 0-5: all that a policy says but for the API version.
constexpr std::uint32_t kNamedBits = 0x3f;

}  // namespace

std::optional<Measurement> parse_measurement(ByteView bytes) {
  if (bytes.size() != Measurement::kSize) {
    return std::nullopt;
  }
  Measurement measurement;
  std::copy_n(bytes.begin(), 32, measurement.measure.begin());
  std::copy_n(bytes.begin() + 32, 16, measurement.mnonce.begin());
  return measurement;
}

ByteArray<Measurement::kSize> serialise(const Measurement& measurement) {
  ByteArray<Measurement::kSize> bytes{};
  std::copy(measurement.measure.begin(), measurement.measure.end(), bytes.begin());
  std::copy(measurement.mnonce.begin(), measurement.mnonce.end(), bytes.begin() + 32);
  return bytes;
}

Measurement measure(const ByteArray<16>& tik, const MeasuredLaunch& launch, const ByteArray<16>& mnonce) {
  Bytes input = {kMeasureContext, launch.firmware.api_major, launch.firmware.api_minor,
                 launch.firmware.build};
  append_le(input, launch.policy.value());
  input.insert(input.end(), launch.digest.begin(), launch.digest.end());
  input.insert(input.end(), mnonce.begin(), mnonce.end());
  return {crypto::hmac_sha256(tik, input), mnonce};
}

MeasurementVerdict verify_measurement(const ByteArray<16>& tik, const MeasuredLaunch& expected,
                                      const Measurement& measurement) {
  const auto fits = [&](const MeasuredLaunch& launch) {
    return crypto::equal_constant_time(measure(tik, launch, measurement.mnonce).measure, measurement.measure);
  };
  if (fits(expected)) {
    return {true, {}};
  }
  MeasuredLaunch other = expected;
  for (std::uint32_t bits = 0; bits <= kNamedBits; ++bits) {
    other.policy = Policy((expected.policy.value() & ~kNamedBits) | bits);
    if (fits(other)) {
      return {false, other.policy};
    }
  }
  return {};
}

}  // namespace virtsev::sevcore
