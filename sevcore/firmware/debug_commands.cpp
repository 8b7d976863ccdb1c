// SPDX-License-Identifier: LGPL-2.1-or-later
// DBG_DECRYPT and DBG_ENCRYPT: the host reads and writes a guest whose policy lets it (SEV API, chapter 6).
#include <algorithm>

#include "sevcore/firmware/firmware_core.hpp"

namespace virtsev::sevcore {
namespace {

constexpr std::uint32_t kUnit = 16;                     ///< Of both addresses, and of the length
constexpr std::size_t kPiece = std::size_t{64} * 1024;  ///< How much is copied at once

/// Copies `length` bytes in pieces; `read` and `write` take an offset and the piece, and say whether the
/// range is memory.
template <typename Read, typename Write>
FirmwareStatus copy(std::uint32_t length, Read read, Write write) {
  Bytes piece(std::min<std::size_t>(length, kPiece));
  for (std::uint32_t done = 0; done < length;) {
    const auto part = MutableBytes(piece).first(std::min<std::size_t>(length - done, piece.size()));
    if (!read(done, part) || !write(done, part)) {
      return FirmwareStatus::kInvalidAddress;
    }
    done += static_cast<std::uint32_t>(part.size());
  }
  return FirmwareStatus::kSuccess;
}

}  // namespace

FirmwareStatus FirmwareCore::check_debug(MailboxCommand command, const DebugBuffer& buffer,
                                         GuestContext*& guest) {
  if (const FirmwareStatus status = check_guest(command, buffer.handle, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  if (!guest->asid) {
    return FirmwareStatus::kInactive;
  }
  if (guest->policy.has(PolicyBit::kNoDebug)) {
    return FirmwareStatus::kPolicyFailure;
  }
  if (buffer.reserved != 0) {
    return FirmwareStatus::kInvalidParameter;
  }
  if (buffer.source % kUnit != 0 || buffer.destination % kUnit != 0) {
    return FirmwareStatus::kInvalidAddress;
  }
  if (buffer.length == 0 || buffer.length % kUnit != 0) {
    return FirmwareStatus::kInvalidLength;
  }
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::debug_decrypt(DebugBuffer& buffer) {
  GuestContext* guest = nullptr;
  if (const FirmwareStatus status = check_debug(MailboxCommand::kDebugDecrypt, buffer, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  return copy(
      buffer.length,
      [&](std::uint32_t at, MutableBytes part) {
        return memory_.read_private(*guest->asid, buffer.source + at, part);
      },
      [&](std::uint32_t at, ByteView part) { return memory_.write(buffer.destination + at, part); });
}

FirmwareStatus FirmwareCore::debug_encrypt(DebugBuffer& buffer) {
  GuestContext* guest = nullptr;
  if (const FirmwareStatus status = check_debug(MailboxCommand::kDebugEncrypt, buffer, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  return copy(
      buffer.length,
      [&](std::uint32_t at, MutableBytes part) { return memory_.read(buffer.source + at, part); },
      [&](std::uint32_t at, ByteView part) {
        return memory_.write_private(*guest->asid, buffer.destination + at, part);
      });
}

}  // namespace virtsev::sevcore
