// SPDX-License-Identifier: LGPL-2.1-or-later
// LAUNCH_UPDATE_DATA, LAUNCH_UPDATE_VMSA and LAUNCH_MEASURE: SEV API, chapter 6. Secrets:
// packet_commands.cpp.
#include <algorithm>

#include "sevcore/abi/firmware_version.hpp"
#include "sevcore/firmware/firmware_core.hpp"

namespace virtsev::sevcore {
namespace {

constexpr std::uint64_t kUnit = 16;        ///< Addresses and lengths of guest data are multiples of it
constexpr std::size_t kPiece = 64 * 1024;  ///< How much of guest memory is copied to be measured at once

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

}  // namespace virtsev::sevcore
