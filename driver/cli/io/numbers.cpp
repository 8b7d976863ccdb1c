// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/io/numbers.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "sevcore/base/base64.hpp"
#include "sevcore/base/digits.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/crypto/crypto.hpp"

namespace virtsev::cli {
namespace {

std::optional<std::uint8_t> read_byte(std::string_view digits) {
  std::uint8_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

sevcore::Policy read_policy(const std::string& digits) {
  const auto policy = sevcore::parse_command_line_policy(digits);
  if (!policy) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("--policy {}: write a number, 0x7 or 7 for example (bit 0 no debugging, bit 1 no key sharing, "
             "bit 2 SEV-ES)",
             digits));
  }
  sevcore::check(*policy);
  return *policy;
}

sevcore::SnpPolicy read_snp_policy(const std::string& digits) {
  const auto policy = sevcore::parse_command_line_snp_policy(digits);
  if (!policy) {
    throw Error(ErrorCode::kInvalidArgument,
                text("--policy {}: this is not a policy of SEV-SNP; write 0x30000, for example", digits));
  }
  return *policy;
}

std::uint64_t read_guest_features(const std::string& digits) {
  const auto features = parse_hex_or_decimal<std::uint64_t>(digits);
  if (!features || (*features & 1U) == 0) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("--guest-features {}: this is not a number with bit 0 set, which means SEV-SNP; write 0x1, for "
             "example",
             digits));
  }
  return *features;
}

sevcore::FirmwareVersion read_firmware_version(const std::string& api, unsigned build) {
  const std::size_t dot = api.find('.');
  if (dot != std::string::npos) {
    const auto major = read_byte(std::string_view(api).substr(0, dot));
    const auto minor = read_byte(std::string_view(api).substr(dot + 1));
    if (major && minor && build <= 255) {
      return {*major, *minor, static_cast<std::uint8_t>(build)};
    }
  }
  throw Error(
      ErrorCode::kInvalidArgument,
      text("--api {} --build {}: write the firmware's version as --api MAJOR.MINOR --build B, each from 0 to "
           "255; `virsh domlaunchsecinfo` prints them",
           api, build));
}

sevcore::Measurement read_measurement(const std::string& base64) {
  const auto bytes = from_base64(base64);
  const auto measurement = bytes ? sevcore::parse_measurement(*bytes) : std::nullopt;
  if (!measurement) {
    throw Error(ErrorCode::kInvalidArgument,
                text("--measurement: this is not base64 of {} bytes; `virsh domlaunchsecinfo` prints it as "
                     "sev-measurement",
                     sevcore::Measurement::kSize));
  }
  if (*measurement == sevcore::Measurement{}) {
    throw Error(ErrorCode::kInvalidArgument, text("--measurement: it is nothing but zeros, which no firmware "
                                                  "measures; copy sev-measurement again"));
  }
  return *measurement;
}

ByteArray<32> read_digest(const std::string& option, const std::string& hex) {
  const auto bytes = from_hex(hex);
  ByteArray<32> digest{};
  if (!bytes || bytes->size() != digest.size()) {
    throw Error(ErrorCode::kInvalidArgument,
                text("{}: write 64 hex digits, as `virtsev measure` and sha256sum print them", option));
  }
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  if (digest == ByteArray<32>{} || digest == sevcore::crypto::sha256({})) {
    throw Error(ErrorCode::kInvalidArgument,
                text("{}: this is the digest of nothing at all; look again at where it came from", option));
  }
  return digest;
}

}  // namespace virtsev::cli
