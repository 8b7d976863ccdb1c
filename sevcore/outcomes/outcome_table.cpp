// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/outcomes/outcome_table.hpp"

#include "sevcore/base/text.hpp"
#include "sevcore/outcomes/status_by_command.hpp"

namespace virtsev::sevcore {
namespace {

using enum FirmwareStatus;

/// The hints of SEV-SNP's and the firmware update's codes, which no command of SEV or SEV-ES should give.
Explanation foreign_status() {
  return {text("the firmware gave an answer that belongs to SEV-SNP or to a firmware update"),
          text("check the host's log (dmesg, lines with ccp), and report this"), ErrorCode::kInternal};
}

}  // namespace

Explanation explain_status(std::string_view command, FirmwareStatus status) {
  switch (status) {
    case kSuccess:
      return {text("the firmware succeeded, but the kernel did not"),
              text("check the host's log (dmesg, lines with kvm or ccp)"), ErrorCode::kSystemError};
    case kInvalidPlatformState:
      return {text("the platform is in no state for this command"),
              text("a factory reset needs all guests gone; else reload the ccp module or restart the host"),
              ErrorCode::kOperationInvalid};
    case kInvalidGuestState:
      return invalid_guest_state(command);
    case kInvalidConfig:
      return {text("the platform is not set up for this"),
              text("for SEV-ES, give it ASIDs in the BIOS (SEV-ES ASID space limit) and kvm_amd.sev_es=1"),
              ErrorCode::kConfigUnsupported};
    case kInvalidLength:
      return invalid_length(command);
    case kAlreadyOwned:
      return {text("the platform has an owner already"),
              text("reset it to factory settings first; every session made for it becomes void"),
              ErrorCode::kOperationInvalid};
    case kInvalidCertificate:
      return invalid_certificate(command);
    case kPolicyFailure:
      return policy_failure(command);
    case kInactive:
      return {text("the guest has no ASID"), text("start it again; where that repeats, restart the host"),
              ErrorCode::kInternal};
    case kInvalidAddress:
      return invalid_address(command);
    case kBadSignature:
      return {text("a certificate's signature does not hold"),
              text("check that the certificates belong together with `virtsev platform verify`"),
              ErrorCode::kInvalidArgument};
    case kBadMeasurement:
      return bad_measurement(command);
    case kAsidOwned:
      return {text("the guest's ASID belongs to another guest"),
              text("a guest can be launched once; start it again"), ErrorCode::kOperationInvalid};
    case kInvalidAsid:
      return {text("the guest's ASID does not fit its policy"),
              text("a policy with the ES bit needs a SEV-ES virtual machine, one without it a SEV one"),
              ErrorCode::kConfigUnsupported};
    case kWbinvdRequired:
    case kDfFlushRequired:
      return {text("the processor's caches were not flushed before an ASID was used again"),
              text("start the guest again; where that repeats, update the host's kernel"),
              ErrorCode::kSystemError};
    case kInvalidGuest:
      return {text("the firmware knows no such guest"),
              text("the guest was never launched, or is gone; start it again"), ErrorCode::kOperationInvalid};
    case kInvalidCommand:
      return {text("the firmware does not know this command"),
              text("update the SEV firmware (linux-firmware's amd/*.sbin, or the BIOS)"),
              ErrorCode::kOperationUnsupported};
    case kActive:
      return {text("the guest still has an ASID"), text("stop the guest first"),
              ErrorCode::kOperationInvalid};
    case kHardwarePlatform:
      return {text("the security processor met a hardware error"),
              text("try again; where that repeats, look at the host's log and restart the host"),
              ErrorCode::kSystemError};
    case kHardwareUnsafe:
      return {text("the security processor met a hardware error and can't go on"),
              text("stop all guests, and switch the host off and on"), ErrorCode::kSystemError};
    case kUnsupported:
      return unsupported(command);
    case kInvalidParameter:
      return invalid_parameter(command);
    case kResourceLimit:
      return {text("the firmware has no room for another guest"), text("stop an encrypted guest first"),
              ErrorCode::kResourceBusy};
    case kSecureDataInvalid:
      return {text("the platform's stored keys are damaged"),
              text("reload the ccp module; where that repeats, reset the platform to factory settings"),
              ErrorCode::kSystemError};
    case kInvalidPageSize:
    case kInvalidPageState:
    case kInvalidMetadataEntry:
    case kInvalidPageOwner:
    case kAeadOverflow:
    case kRingBufferExit:
    case kRmpInitRequired:
    case kBadSvn:
    case kBadVersion:
    case kShutdownRequired:
    case kUpdateFailed:
    case kRestoreRequired:
    case kRmpInitFailed:
    case kInvalidKey:
      return foreign_status();
  }
  return {text("the firmware gave an answer that no known specification lists"),
          text("update virtsev, or report this with the firmware's version"), ErrorCode::kInternal};
}

}  // namespace virtsev::sevcore
