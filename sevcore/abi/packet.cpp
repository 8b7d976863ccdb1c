// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/abi/packet.hpp"

#include <algorithm>

namespace virtsev::sevcore {
namespace {

// Offsets in the header.
constexpr std::size_t kFlags = 0;
constexpr std::size_t kIv = 4;
constexpr std::size_t kMac = 20;

/// `head`: flags and IV as they stand in the header.
ByteArray<32> packet_mac(const ByteArray<16>& tik, PacketContent content, ByteView head,
                         std::uint32_t guest_length, ByteView data, ByteView bound_to) {
  Bytes input = {static_cast<std::uint8_t>(content)};
  input.reserve(1 + head.size() + 8 + data.size() + bound_to.size());
  input.insert(input.end(), head.begin(), head.end());
  append_le(input, guest_length);
  append_le(input, static_cast<std::uint32_t>(data.size()));
  input.insert(input.end(), data.begin(), data.end());
  input.insert(input.end(), bound_to.begin(), bound_to.end());
  return crypto::hmac_sha256(tik, input);
}

}  // namespace

Packet seal_packet(const TransportKeys& keys, PacketContent content, const ByteArray<16>& iv, ByteView plain,
                   ByteView bound_to) {
  Packet packet;
  std::copy(iv.begin(), iv.end(), packet.header.begin() + kIv);
  packet.data = crypto::aes128_ctr(keys.tek, iv, plain);
  const auto mac = packet_mac(keys.tik, content, ByteView(packet.header).first(kMac),
                              static_cast<std::uint32_t>(packet.data.size()), packet.data, bound_to);
  std::copy(mac.begin(), mac.end(), packet.header.begin() + kMac);
  return packet;
}

Result<Bytes, PacketFault> open_packet(const TransportKeys& keys, PacketContent content, ByteView header,
                                       ByteView data, std::uint32_t guest_length, ByteView bound_to) {
  if (header.size() != Packet::kHeaderSize) {
    return unexpected(PacketFault::kHeaderLength);
  }
  const auto mac = packet_mac(keys.tik, content, header.first(kMac), guest_length, data, bound_to);
  if (!crypto::equal_constant_time(mac, header.subspan(kMac))) {
    return unexpected(PacketFault::kMac);
  }
  if (get_le<std::uint32_t>(header, kFlags) != 0) {
    return unexpected(PacketFault::kFlags);
  }
  ByteArray<16> iv{};
  std::copy_n(header.begin() + kIv, iv.size(), iv.begin());
  return crypto::aes128_ctr(keys.tek, iv, data);
}

}  // namespace virtsev::sevcore
