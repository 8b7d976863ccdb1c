// SPDX-License-Identifier: LGPL-2.1-or-later
// What the SEV firmware answers to a command: SEV API (AMD document 55766), status codes; Linux:
// include/uapi/linux/psp-sev.h.
#pragma once

#include <array>
#include <cstdint>

namespace virtsev::sevcore {

/// The code that the kernel passes on in `error` of its command structures.
enum class FirmwareStatus : std::uint32_t {
  kSuccess = 0,
  kInvalidPlatformState = 0x01,
  kInvalidGuestState = 0x02,
  kInvalidConfig = 0x03,
  kInvalidLength = 0x04,
  kAlreadyOwned = 0x05,
  kInvalidCertificate = 0x06,
  kPolicyFailure = 0x07,
  kInactive = 0x08,
  kInvalidAddress = 0x09,
  kBadSignature = 0x0a,
  kBadMeasurement = 0x0b,
  kAsidOwned = 0x0c,
  kInvalidAsid = 0x0d,
  kWbinvdRequired = 0x0e,
  kDfFlushRequired = 0x0f,
  kInvalidGuest = 0x10,
  kInvalidCommand = 0x11,
  kActive = 0x12,
  kHardwarePlatform = 0x13,
  kHardwareUnsafe = 0x14,
  kUnsupported = 0x15,
  kInvalidParameter = 0x16,
  kResourceLimit = 0x17,
  kSecureDataInvalid = 0x18,
  // From here on: SEV-SNP and firmware update.
  kInvalidPageSize = 0x19,
  kInvalidPageState = 0x1a,
  kInvalidMetadataEntry = 0x1b,
  kInvalidPageOwner = 0x1c,
  kAeadOverflow = 0x1d,
  kRingBufferExit = 0x1f,
  kRmpInitRequired = 0x20,
  kBadSvn = 0x21,
  kBadVersion = 0x22,
  kShutdownRequired = 0x23,
  kUpdateFailed = 0x24,
  kRestoreRequired = 0x25,
  kRmpInitFailed = 0x26,
  kInvalidKey = 0x27,
};

/// `error` where the driver never reached the firmware (SEV_RET_NO_FW_CALL, -1).
inline constexpr std::uint32_t kNoFirmwareCall = 0xffffffff;

inline constexpr std::array kAllFirmwareStatuses = {
    FirmwareStatus::kSuccess,
    FirmwareStatus::kInvalidPlatformState,
    FirmwareStatus::kInvalidGuestState,
    FirmwareStatus::kInvalidConfig,
    FirmwareStatus::kInvalidLength,
    FirmwareStatus::kAlreadyOwned,
    FirmwareStatus::kInvalidCertificate,
    FirmwareStatus::kPolicyFailure,
    FirmwareStatus::kInactive,
    FirmwareStatus::kInvalidAddress,
    FirmwareStatus::kBadSignature,
    FirmwareStatus::kBadMeasurement,
    FirmwareStatus::kAsidOwned,
    FirmwareStatus::kInvalidAsid,
    FirmwareStatus::kWbinvdRequired,
    FirmwareStatus::kDfFlushRequired,
    FirmwareStatus::kInvalidGuest,
    FirmwareStatus::kInvalidCommand,
    FirmwareStatus::kActive,
    FirmwareStatus::kHardwarePlatform,
    FirmwareStatus::kHardwareUnsafe,
    FirmwareStatus::kUnsupported,
    FirmwareStatus::kInvalidParameter,
    FirmwareStatus::kResourceLimit,
    FirmwareStatus::kSecureDataInvalid,
    FirmwareStatus::kInvalidPageSize,
    FirmwareStatus::kInvalidPageState,
    FirmwareStatus::kInvalidMetadataEntry,
    FirmwareStatus::kInvalidPageOwner,
    FirmwareStatus::kAeadOverflow,
    FirmwareStatus::kRingBufferExit,
    FirmwareStatus::kRmpInitRequired,
    FirmwareStatus::kBadSvn,
    FirmwareStatus::kBadVersion,
    FirmwareStatus::kShutdownRequired,
    FirmwareStatus::kUpdateFailed,
    FirmwareStatus::kRestoreRequired,
    FirmwareStatus::kRmpInitFailed,
    FirmwareStatus::kInvalidKey,
};

}  // namespace virtsev::sevcore
