// SPDX-License-Identifier: LGPL-2.1-or-later
// The packet in which an owner hands a secret to a measured guest (SEV API, LAUNCH_SECRET).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/result.hpp"
#include "sevcore/owner/measurement.hpp"
#include "sevcore/owner/transport_keys.hpp"

namespace virtsev::sevcore {

struct SecretPacket {
  static constexpr std::size_t kHeaderSize = 52;
  static constexpr std::size_t kMaxData = 16384;  ///< The kernel takes no larger blob

  ByteArray<kHeaderSize> header{};  ///< flags u32, IV[16], MAC[32]
  Bytes data;                       ///< Encrypted, as long as the plain text
};

/// Packs a plain text whose length is a multiple of 16, at most kMaxData; throws Error(kInvalidArgument)
/// otherwise. `iv`: for tests and for scripts that want the same packet twice; else random.
SecretPacket pack_secret(const TransportKeys& keys, const Measurement& measurement, ByteView plain_text,
                         const std::optional<ByteArray<16>>& iv = {});

/// Why a platform refuses a packet.
enum class SecretFault : std::uint8_t {
  kHeaderLength,  ///< Not 52 bytes
  kFlags,         ///< Compressed, or a reserved flag: no firmware that is known here takes those
  kMac,           ///< Other keys, another launch, or changed on the way
};
std::string explain(SecretFault fault);

/// The platform's side. `guest_length`: how much guest memory the caller gives it; part of what the MAC
/// covers.
Result<Bytes, SecretFault> open_secret(const TransportKeys& keys, const Measurement& measurement,
                                       ByteView header, ByteView data, std::uint32_t guest_length);

}  // namespace virtsev::sevcore
