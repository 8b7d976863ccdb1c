// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/kernel/outcome_table.hpp"

#include "sevcore/base/text.hpp"

namespace virtsev::sevcore {
namespace {

using enum FirmwareStatus;

Explanation bad_measurement(std::string_view command) {
  if (command == "LAUNCH_SECRET") {
    return {text("the secret's authentication code does not fit"),
            text("pack the secret anew for this guest's measurement, with the TIK and TEK of the session "
                 "that it was launched with"),
            ErrorCode::kInvalidArgument};
  }
  if (command == "RECEIVE_START") {
    return {text("the session does not fit this platform, the sender's PDH or the policy"),
            text("send anew: to this platform's present certificates, and with exactly the guest's policy"),
            ErrorCode::kInvalidArgument};
  }
  if (command == "RECEIVE_UPDATE_DATA" || command == "RECEIVE_UPDATE_VMSA") {
    return {text("a packet of the migration was changed on the way, or belongs to another session"),
            text("send that packet again; where that repeats, cancel and send the guest anew"),
            ErrorCode::kInvalidArgument};
  }
  return {text("the session does not fit this platform, certificate or policy"),
          text("make a new session with `virtsev session` for this platform's present certificates and "
               "exactly this policy"),
          ErrorCode::kInvalidArgument};
}

Explanation invalid_certificate(std::string_view command) {
  if (command == "PEK_CERT_IMPORT") {
    return {text("the PEK or the OCA certificate is malformed, or does not answer this platform's request"),
            text("have the request signed that PEK_CSR gives now (PEK_GEN and a factory reset change it), in "
                 "one of its two places for a signature"),
            ErrorCode::kInvalidArgument};
  }
  if (command == "SEND_START") {
    return {text("a certificate of the target platform is malformed, or of the wrong kind"),
            text("give the target's PDH, then its PEK, OCA and CEK, then ASK and ARK, as it exports them"),
            ErrorCode::kInvalidArgument};
  }
  return {text("a certificate is malformed, or of the wrong kind"),
          text("give the Diffie-Hellman certificate that belongs to the session, as `virtsev session` "
               "writes it"),
          ErrorCode::kInvalidArgument};
}

Explanation policy_failure(std::string_view command) {
  if (command == "SEND_START") {
    return {text("the guest policy does not let the guest go to that platform"),
            text("NOSEND keeps it here; DOMAIN wants a target with the same owner (OCA), SEV one whose chain "
                 "ends at the same root, and the least API version holds for the target too"),
            ErrorCode::kOperationDenied};
  }
  if (command == "LAUNCH_START" || command == "RECEIVE_START") {
    return {text("the platform does not meet the guest policy"),
            text("compare the policy's least API version and its ES bit with what `virsh nodesevinfo` says "
                 "of this host; a newer firmware or another policy is needed"),
            ErrorCode::kConfigUnsupported};
  }
  return {text("the guest policy forbids this"),
          text("launch the guest with a policy that allows it (NODBG forbids debugging, NOSEND sending, NOKS "
               "key sharing)"),
          ErrorCode::kOperationDenied};
}

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
      return {text("the guest is in no state for this command"),
              text("the order is start, data, VMSAs, measurement, secrets, finish; a secret is taken only "
                   "after the measurement and before the first resume, and a launch can't be repeated"),
              ErrorCode::kOperationInvalid};
    case kInvalidConfig:
      return {text("the platform is not set up for this"),
              text("for SEV-ES, give it ASIDs in the BIOS (SEV-ES ASID space limit) and kvm_amd.sev_es=1"),
              ErrorCode::kConfigUnsupported};
    case kInvalidLength:
      return {text("a buffer's length is wrong"),
              text("check the sizes: a certificate has 2084 bytes, a session 128, a secret's header 52, a "
                   "secret a multiple of 16 up to 16384"),
              ErrorCode::kInvalidArgument};
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
      return {text("an address is misaligned, or outside of memory"),
              text("give a guest address that is a multiple of 16 and lies in the guest's RAM"),
              ErrorCode::kInvalidArgument};
    case kBadSignature:
      return {text("a certificate's signature does not hold"),
              text("check that the certificates belong together with `virtsev platform verify`"),
              ErrorCode::kInvalidArgument};
    case kBadMeasurement:
      return bad_measurement(command);
    case kAsidOwned:
      return {text("the guest's ASID belongs to another guest"),
              text("a guest can be launched once; start it anew"), ErrorCode::kOperationInvalid};
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
              text("the guest was never launched, or is gone; start it anew"), ErrorCode::kOperationInvalid};
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
      return {text("this platform does not support the command, or one of its options"),
              text("update the SEV firmware, or go without"), ErrorCode::kOperationUnsupported};
    case kInvalidParameter:
      return {text("a parameter is out of range, or a reserved bit is set"),
              text("check the policy: bits 6 to 15 must be 0"), ErrorCode::kInvalidArgument};
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
