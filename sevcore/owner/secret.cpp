// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/owner/secret.hpp"

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::sevcore {

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
  return seal_packet(keys, PacketContent::kSecret, chosen_iv, plain_text, measurement.measure);
}

Result<Bytes, SecretFault> open_secret(const TransportKeys& keys, const Measurement& measurement,
                                       ByteView header, ByteView data, std::uint32_t guest_length) {
  return open_packet(keys, PacketContent::kSecret, header, data, guest_length, measurement.measure);
}

}  // namespace virtsev::sevcore
