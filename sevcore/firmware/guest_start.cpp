// SPDX-License-Identifier: LGPL-2.1-or-later
// LAUNCH_START and RECEIVE_START: SEV API, chapter 6. Both make a guest, and open a session for it: the
// owner's, or that of the platform which sends the guest.
#include <utility>

#include "sevcore/abi/firmware_version.hpp"
#include "sevcore/abi/session.hpp"
#include "sevcore/firmware/firmware_core.hpp"

namespace virtsev::sevcore {
namespace {

FirmwareStatus status_of(SessionFault fault) {
  switch (fault) {
    case SessionFault::kCertificate:
      return FirmwareStatus::kInvalidCertificate;
    case SessionFault::kLength:
      return FirmwareStatus::kInvalidLength;
    case SessionFault::kWrapMac:
    case SessionFault::kPolicyMac:
      return FirmwareStatus::kBadMeasurement;
  }
  return FirmwareStatus::kBadMeasurement;
}

}  // namespace

FirmwareStatus FirmwareCore::check_policy(Policy policy) const {
  if (policy.reserved() != 0) {
    return FirmwareStatus::kInvalidParameter;
  }
  const auto least = std::pair(policy.api_major(), policy.api_minor());
  if (least > std::pair(kFirmwareVersion.api_major, kFirmwareVersion.api_minor)) {
    return FirmwareStatus::kPolicyFailure;
  }
  if (policy.has(PolicyBit::kEs) && !es_enabled_) {
    return FirmwareStatus::kInvalidConfig;
  }
  if (policy.has(PolicyBit::kEs) && snp_initialized_) {
    return FirmwareStatus::kUnsupported;
  }
  return FirmwareStatus::kSuccess;
}

/// A guest that shares another's memory key: that one must allow it, and both policies must be one.
FirmwareStatus FirmwareCore::check_key_sharing(std::uint32_t source_handle, Policy policy) const {
  const auto source = guests_.find(source_handle);
  if (source == guests_.end()) {
    return FirmwareStatus::kInvalidGuest;
  }
  if (source->second.policy.has(PolicyBit::kNoKeySharing) || source->second.policy != policy) {
    return FirmwareStatus::kPolicyFailure;
  }
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::open_start_session(const LaunchStartBuffer& buffer, GuestContext& guest) {
  if (buffer.dh_length != kCertificateSize || buffer.session_length != kSessionSize) {
    return FirmwareStatus::kInvalidLength;
  }
  ByteArray<kCertificateSize> certificate;
  ByteArray<kSessionSize> session;
  if (!memory_.read(buffer.dh_address, certificate) || !memory_.read(buffer.session_address, session)) {
    return FirmwareStatus::kInvalidAddress;
  }
  auto keys = open_session(identity_.pdh, certificate, session, guest.policy);
  if (!keys) {
    return status_of(keys.error());
  }
  guest.keys = *keys;
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::start_guest(LaunchStartBuffer& buffer, GuestState state) {
  if (!initialized_) {
    return FirmwareStatus::kInvalidPlatformState;
  }
  if (buffer.reserved != 0) {
    return FirmwareStatus::kInvalidParameter;
  }
  GuestContext guest;
  guest.policy = Policy(buffer.policy);
  guest.state = state;
  guest.received = state == GuestState::kReceiveUpdate;
  FirmwareStatus status = check_policy(guest.policy);
  if (status == FirmwareStatus::kSuccess && buffer.handle != 0) {
    status = check_key_sharing(buffer.handle, guest.policy);
  }
  if (status != FirmwareStatus::kSuccess) {
    return status;
  }
  if (guests_.size() >= asids_.max_asid) {
    return FirmwareStatus::kResourceLimit;
  }
  if (guest.received || buffer.dh_address != 0 || buffer.session_address != 0) {
    status = open_start_session(buffer, guest);
  } else {
    guest.keys = TransportKeys::generate();  // No owner: nobody can check the measurement
  }
  if (status != FirmwareStatus::kSuccess) {
    return status;
  }
  while (next_handle_ == 0 || guests_.contains(next_handle_)) {
    ++next_handle_;
  }
  const std::uint32_t handle = next_handle_++;
  guests_.emplace(handle, std::move(guest));
  buffer.handle = handle;
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::launch_start(LaunchStartBuffer& buffer) {
  return start_guest(buffer, GuestState::kLaunchUpdate);
}

FirmwareStatus FirmwareCore::receive_start(LaunchStartBuffer& buffer) {
  return start_guest(buffer, GuestState::kReceiveUpdate);
}

}  // namespace virtsev::sevcore
