// SPDX-License-Identifier: LGPL-2.1-or-later
// The launch measurement: what a platform says of a guest, under a key that only it and the owner have (SEV
// API, LAUNCH_MEASURE).
#pragma once

#include <cstdint>
#include <optional>

#include "sevcore/base/bytes.hpp"
#include "sevcore/launch/policy.hpp"

namespace virtsev::sevcore {

/// Firmware version, as PLATFORM_STATUS gives it.
struct FirmwareVersion {
  std::uint8_t api_major = 0;
  std::uint8_t api_minor = 0;
  std::uint8_t build = 0;
  friend bool operator==(const FirmwareVersion&, const FirmwareVersion&) = default;
};

/// What LAUNCH_MEASURE gives, 48 bytes: the measure, then the firmware's nonce.
struct Measurement {
  static constexpr std::size_t kSize = 48;
  ByteArray<32> measure{};
  ByteArray<16> mnonce{};
  friend bool operator==(const Measurement&, const Measurement&) = default;
};

/// Nothing where there are not 48 bytes.
std::optional<Measurement> parse_measurement(ByteView bytes);
ByteArray<Measurement::kSize> serialise(const Measurement& measurement);

/// All that goes into a measure, but for the key and the nonce.
struct MeasuredLaunch {
  FirmwareVersion firmware;
  Policy policy;
  ByteArray<32> digest{};  ///< launch_digest()
};

/// The measure, as firmware of API 0.17 and later makes it.
Measurement measure(const ByteArray<16>& tik, const MeasuredLaunch& launch, const ByteArray<16>& mnonce);

/// Whether a measurement is what the owner expects; where not, what can be known of the reason.
struct MeasurementVerdict {
  bool matches = false;
  /// It would match with this other policy: all else that the owner expects is right.
  std::optional<Policy> other_policy;
  // Where neither is so, the TIK, the digest or the firmware version differs: a MAC can't tell which.
};
MeasurementVerdict verify_measurement(const ByteArray<16>& tik, const MeasuredLaunch& expected,
                                      const Measurement& measurement);

}  // namespace virtsev::sevcore
