// SPDX-License-Identifier: LGPL-2.1-or-later
// The commands that give a guest its place on the processor and take it away: SEV API, chapter 6 (guest
// management).
#include <algorithm>

#include "sevcore/firmware/firmware_core.hpp"

namespace virtsev::sevcore {

FirmwareStatus FirmwareCore::activate(ActivateBuffer& buffer) {
  GuestContext* guest = nullptr;
  if (const FirmwareStatus status = check_guest(MailboxCommand::kActivate, buffer.handle, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  if (guest->asid) {
    return FirmwareStatus::kActive;
  }
  const std::uint32_t asid = buffer.asid;
  const bool es_asid = asid < asids_.min_sev_asid;
  if (asid == 0 || asid > asids_.max_asid || es_asid != guest->policy.has(PolicyBit::kEs)) {
    return FirmwareStatus::kInvalidAsid;
  }
  if (std::any_of(guests_.begin(), guests_.end(),
                  [asid](const auto& other) { return other.second.asid == asid; })) {
    return FirmwareStatus::kAsidOwned;
  }
  // There are no caches to look into, so WBINVD_REQUIRED never comes up; the fabric's flush is a command, and
  // is held to.
  if (dirty_asids_.contains(asid)) {
    return FirmwareStatus::kDfFlushRequired;
  }
  guest->asid = asid;
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::deactivate(HandleBuffer& buffer) {
  GuestContext* guest = nullptr;
  if (const FirmwareStatus status = check_guest(MailboxCommand::kDeactivate, buffer.handle, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  if (guest->asid) {
    dirty_asids_.insert(*guest->asid);
    guest->asid.reset();
  }
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::decommission(HandleBuffer& buffer) {
  GuestContext* guest = nullptr;
  if (const FirmwareStatus status = check_guest(MailboxCommand::kDecommission, buffer.handle, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  if (guest->asid) {
    return FirmwareStatus::kActive;
  }
  guests_.erase(buffer.handle);
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::guest_status(GuestStatusBuffer& buffer) {
  GuestContext* guest = nullptr;
  if (const FirmwareStatus status = check_guest(MailboxCommand::kGuestStatus, buffer.handle, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  buffer.policy = guest->policy.value();
  buffer.asid = guest->asid.value_or(0);
  buffer.state = static_cast<std::uint8_t>(guest->state);
  return FirmwareStatus::kSuccess;
}

}  // namespace virtsev::sevcore
