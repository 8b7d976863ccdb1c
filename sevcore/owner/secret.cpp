// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/owner/secret.hpp"

#include <algorithm>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::sevcore {
namespace {

// Offsets in the header.
constexpr std::size_t kFlags = 0;
constexpr std::size_t kIv = 4;
constexpr std::size_t kMac = 20;

/// Marks what the MAC is about (SEV API, LAUNCH_SECRET).
constexpr std::uint8_t kSecretContext = 0x01;

/// `head`: flags and IV as they stand in the header.
ByteArray<32> packet_mac(const ByteArray<16>& tik, ByteView head, std::uint32_t guest_length, ByteView data,
                         const Measurement& measurement) {
  Bytes input = {kSecretContext};
  input.insert(input.end(), head.begin(), head.end());
  append_le(input, guest_length);
  append_le(input, static_cast<std::uint32_t>(data.size()));
  input.insert(input.end(), data.begin(), data.end());
  input.insert(input.end(), measurement.measure.begin(), measurement.measure.end());
  return crypto::hmac_sha256(tik, input);
}

}  // namespace

std::string explain(SecretFault fault) {
  switch (fault) {
    case SecretFault::kHeaderLength:
      return text("the secret's header is not 52 bytes long");
    case SecretFault::kFlags:
      return text(
          "the secret's header sets flags that the firmware does not know; compression is one of them");
    case SecretFault::kMac:
      return text(
          "the secret was packed with other keys or for another launch's measurement, or was changed");
  }
  return {};
}

SecretPacket pack_secret(const TransportKeys& keys, const Measurement& measurement, ByteView plain_text,
                         const std::optional<ByteArray<16>>& iv) {
  if (plain_text.empty() || plain_text.size() % 16 != 0 || plain_text.size() > SecretPacket::kMaxData) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("a secret of {} bytes can't be packed: its length must be a multiple of 16, and at most {}",
             plain_text.size(), SecretPacket::kMaxData));
  }
  ByteArray<16> chosen_iv{};
  if (iv) {
    chosen_iv = *iv;
  } else {
    crypto::fill_random(chosen_iv);
  }
  SecretPacket packet;
  std::copy(chosen_iv.begin(), chosen_iv.end(), packet.header.begin() + kIv);
  packet.data = crypto::aes128_ctr(keys.tek, chosen_iv, plain_text);
  const auto mac = packet_mac(keys.tik, ByteView(packet.header).first(kMac),
                              static_cast<std::uint32_t>(packet.data.size()), packet.data, measurement);
  std::copy(mac.begin(), mac.end(), packet.header.begin() + kMac);
  return packet;
}

Result<Bytes, SecretFault> open_secret(const TransportKeys& keys, const Measurement& measurement,
                                       ByteView header, ByteView data, std::uint32_t guest_length) {
  if (header.size() != SecretPacket::kHeaderSize) {
    return unexpected(SecretFault::kHeaderLength);
  }
  if (!crypto::equal_constant_time(packet_mac(keys.tik, header.first(kMac), guest_length, data, measurement),
                                   header.subspan(kMac))) {
    return unexpected(SecretFault::kMac);
  }
  if (get_le<std::uint32_t>(header, kFlags) != 0) {
    return unexpected(SecretFault::kFlags);
  }
  ByteArray<16> iv{};
  std::copy_n(header.begin() + kIv, iv.size(), iv.begin());
  return crypto::aes128_ctr(keys.tek, iv, data);
}

}  // namespace virtsev::sevcore
