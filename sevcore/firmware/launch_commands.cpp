// SPDX-License-Identifier: LGPL-2.1-or-later
// LAUNCH_UPDATE_DATA, LAUNCH_UPDATE_VMSA, LAUNCH_MEASURE, LAUNCH_UPDATE_SECRET and LAUNCH_FINISH: SEV API,
// chapter 6.
#include <algorithm>

#include "sevcore/firmware/firmware_core.hpp"
#include "sevcore/firmware/firmware_version.hpp"
#include "sevcore/owner/secret.hpp"

namespace virtsev::sevcore {
namespace {

constexpr std::uint64_t kUnit = 16;        ///< Addresses and lengths of guest data are multiples of it
constexpr std::size_t kPiece = 64 * 1024;  ///< How much of guest memory is copied to be measured at once

FirmwareStatus status_of(SecretFault fault) {
  switch (fault) {
    case SecretFault::kHeaderLength:
      return FirmwareStatus::kInvalidLength;
    case SecretFault::kFlags:
      return FirmwareStatus::kUnsupported;
    case SecretFault::kMac:
      return FirmwareStatus::kBadMeasurement;
  }
  return FirmwareStatus::kBadMeasurement;
}

}  // namespace

FirmwareStatus FirmwareCore::measure_range(GuestContext& guest, std::uint64_t address, std::uint32_t length) {
  // A range that turns out to be no memory leaves the digest as it was.
  crypto::Sha256 digest = guest.digest;
  Bytes piece(std::min<std::size_t>(length, kPiece));
  for (std::uint64_t done = 0; done < length;) {
    const std::size_t now = std::min<std::size_t>(length - done, piece.size());
    const MutableBytes part = MutableBytes(piece).first(now);
    if (!memory_.read(address + done, part)) {
      return FirmwareStatus::kInvalidAddress;
    }
    digest.update(part);
    done += now;
  }
  if (!memory_.encrypt(*guest.asid, address, length)) {
    return FirmwareStatus::kInvalidAddress;
  }
  guest.digest = std::move(digest);
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::launch_update_data(GuestRangeBuffer& buffer) {
  GuestContext* guest = nullptr;
  if (const FirmwareStatus status = check_guest(MailboxCommand::kLaunchUpdateData, buffer.handle, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  if (!guest->asid) {
    return FirmwareStatus::kInactive;
  }
  if (buffer.reserved != 0) {
    return FirmwareStatus::kInvalidParameter;
  }
  if (buffer.address % kUnit != 0) {
    return FirmwareStatus::kInvalidAddress;
  }
  if (buffer.length == 0 || buffer.length % kUnit != 0) {
    return FirmwareStatus::kInvalidLength;
  }
  return measure_range(*guest, buffer.address, buffer.length);
}

FirmwareStatus FirmwareCore::launch_update_vmsa(GuestRangeBuffer& buffer) {
  GuestContext* guest = nullptr;
  if (const FirmwareStatus status = check_guest(MailboxCommand::kLaunchUpdateVmsa, buffer.handle, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  if (!guest->asid) {
    return FirmwareStatus::kInactive;
  }
  if (!guest->policy.has(PolicyBit::kEs)) {
    return FirmwareStatus::kPolicyFailure;
  }
  if (buffer.reserved != 0) {
    return FirmwareStatus::kInvalidParameter;
  }
  if (buffer.address % kPageSize != 0) {
    return FirmwareStatus::kInvalidAddress;
  }
  if (buffer.length != kPageSize) {
    return FirmwareStatus::kInvalidLength;
  }
  return measure_range(*guest, buffer.address, buffer.length);
}

FirmwareStatus FirmwareCore::launch_measure(GuestRangeBuffer& buffer) {
  GuestContext* guest = nullptr;
  if (const FirmwareStatus status = check_guest(MailboxCommand::kLaunchMeasure, buffer.handle, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  if (buffer.reserved != 0) {
    return FirmwareStatus::kInvalidParameter;
  }
  const bool too_short = buffer.length < kMeasurementSize;
  buffer.length = kMeasurementSize;
  if (too_short) {
    return FirmwareStatus::kInvalidLength;
  }
  ByteArray<16> nonce;
  crypto::fill_random(nonce);
  const Measurement made =
      measure(guest->keys.tik, {kFirmwareVersion, guest->policy, guest->digest.digest()}, nonce);
  if (!memory_.write(buffer.address, serialise(made))) {
    return FirmwareStatus::kInvalidAddress;
  }
  guest->measurement = made;
  guest->state = GuestState::kLaunchSecret;
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::launch_update_secret(PacketBuffer& buffer) {
  GuestContext* guest = nullptr;
  if (const FirmwareStatus status = check_guest(MailboxCommand::kLaunchUpdateSecret, buffer.handle, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  if (!guest->asid) {
    return FirmwareStatus::kInactive;
  }
  if (buffer.reserved1 != 0 || buffer.reserved2 != 0 || buffer.reserved3 != 0) {
    return FirmwareStatus::kInvalidParameter;
  }
  if (buffer.guest_address % kUnit != 0) {
    return FirmwareStatus::kInvalidAddress;
  }
  if (buffer.header_length != kPacketHeaderSize || buffer.guest_length == 0 ||
      buffer.guest_length % kUnit != 0 || buffer.guest_length > kMaxBlobSize ||
      buffer.transport_length != buffer.guest_length) {
    return FirmwareStatus::kInvalidLength;
  }
  ByteArray<kPacketHeaderSize> header;
  Bytes data(buffer.transport_length);
  if (!memory_.read(buffer.header_address, header) || !memory_.read(buffer.transport_address, data)) {
    return FirmwareStatus::kInvalidAddress;
  }
  auto plain = open_secret(guest->keys, guest->measurement, header, data, buffer.guest_length);
  if (!plain) {
    return status_of(plain.error());
  }
  const bool written = memory_.write_private(*guest->asid, buffer.guest_address, *plain);
  crypto::wipe(*plain);
  return written ? FirmwareStatus::kSuccess : FirmwareStatus::kInvalidAddress;
}

FirmwareStatus FirmwareCore::launch_finish(HandleBuffer& buffer) {
  GuestContext* guest = nullptr;
  if (const FirmwareStatus status = check_guest(MailboxCommand::kLaunchFinish, buffer.handle, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  guest->state = GuestState::kRunning;
  return FirmwareStatus::kSuccess;
}

}  // namespace virtsev::sevcore
