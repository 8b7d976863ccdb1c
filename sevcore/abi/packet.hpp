// SPDX-License-Identifier: LGPL-2.1-or-later
// The packets in which bytes travel to a guest under its transport keys: an owner's secrets, and, from one
// platform to another, memory and VMSAs (SEV API, LAUNCH_SECRET, SEND_UPDATE_*, RECEIVE_UPDATE_*).
#pragma once

#include <cstdint>

#include "sevcore/abi/transport_keys.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/result.hpp"

namespace virtsev::sevcore {

struct Packet {
  static constexpr std::size_t kHeaderSize = 52;
  static constexpr std::size_t kMaxData = 16384;  ///< The kernel takes no larger blob

  ByteArray<kHeaderSize> header{};  ///< flags u32, IV[16], MAC[32]
  Bytes data;                       ///< Encrypted, as long as the plain text
};

/// What a packet holds; the MAC covers it, so none can be taken for another. No open tool makes or reads the
/// last two: that their MAC is the secrets' without a measurement is not yet shown on hardware.
enum class PacketContent : std::uint8_t { kSecret = 0x01, kMemory = 0x02, kVmsa = 0x03 };

/// Why a platform refuses a packet.
enum class PacketFault : std::uint8_t {
  kHeaderLength,  ///< Not 52 bytes
  kFlags,         ///< Compressed, or a reserved flag: no firmware that is known here takes those
  kMac,           ///< Other keys, another launch, or changed on the way
};

/// No IV may be used twice with the same keys. `bound_to`: what else the MAC covers (secrets: the
/// measurement). The packet does not say where in the guest it belongs: whoever carries packets can exchange
/// them.
Packet seal_packet(const TransportKeys& keys, PacketContent content, const ByteArray<16>& iv, ByteView plain,
                   ByteView bound_to = {});

/// `guest_length`: how much guest memory the caller gives it; part of what the MAC covers.
Result<Bytes, PacketFault> open_packet(const TransportKeys& keys, PacketContent content, ByteView header,
                                       ByteView data, std::uint32_t guest_length, ByteView bound_to = {});

}  // namespace virtsev::sevcore
