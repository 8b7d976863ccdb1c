// SPDX-License-Identifier: LGPL-2.1-or-later
// The numbers of libvirt's RPC protocol (src/rpc/virnetprotocol.x, src/remote/remote_protocol.x). A message
// is a big-endian u32 length, which counts itself, a header of 24 bytes and a payload, all XDR.
#pragma once

#include <cstddef>
#include <cstdint>

namespace virtsev::rpc {

inline constexpr std::uint32_t kRemoteProgram = 0x20008086;
inline constexpr std::uint32_t kQemuProgram = 0x20008087;
inline constexpr std::uint32_t kLxcProgram = 0x00068000;
inline constexpr std::uint32_t kKeepaliveProgram = 0x6b656570;
/// Every program above has version 1.
inline constexpr std::uint32_t kProgramVersion = 1;

inline constexpr std::int32_t kKeepalivePing = 1;
inline constexpr std::int32_t kKeepalivePong = 2;

/// Serial of every event message, as libvirt's daemons send it.
inline constexpr std::uint32_t kEventSerial = 1;

enum class MessageType : std::int32_t {
  kCall = 0,
  kReply = 1,
  kMessage = 2,
  kStream = 3,
  kCallWithFds = 4,
  kReplyWithFds = 5,
  kStreamHole = 6,
};

enum class MessageStatus : std::int32_t { kOk = 0, kError = 1, kContinue = 2 };

inline constexpr std::size_t kLengthSize = 4;
inline constexpr std::size_t kHeaderSize = 24;
inline constexpr std::size_t kMinMessage = kLengthSize + kHeaderSize;
/// VIR_NET_MESSAGE_MAX and the length word, which it leaves out.
inline constexpr std::size_t kMaxMessage = (32U << 20) + kLengthSize;
/// VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX: the most data that one stream packet carries.
inline constexpr std::size_t kMaxStreamChunk = 262120;
inline constexpr std::uint32_t kMaxFds = 32;
/// REMOTE_STRING_MAX
inline constexpr std::uint32_t kMaxString = 4U << 20;

}  // namespace virtsev::rpc
