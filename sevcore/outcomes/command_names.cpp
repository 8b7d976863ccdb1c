// SPDX-License-Identifier: LGPL-2.1-or-later
// The specification's names of commands, states and status codes.
#include "sevcore/outcomes/explain_outcome.hpp"

namespace virtsev::sevcore {

std::string_view name_of(GuestCommand command) {
  switch (command) {
    case GuestCommand::kInit:
      return "INIT";
    case GuestCommand::kEsInit:
      return "ES_INIT";
    case GuestCommand::kLaunchStart:
      return "LAUNCH_START";
    case GuestCommand::kLaunchUpdateData:
      return "LAUNCH_UPDATE_DATA";
    case GuestCommand::kLaunchUpdateVmsa:
      return "LAUNCH_UPDATE_VMSA";
    case GuestCommand::kLaunchSecret:
      return "LAUNCH_SECRET";
    case GuestCommand::kLaunchMeasure:
      return "LAUNCH_MEASURE";
    case GuestCommand::kLaunchFinish:
      return "LAUNCH_FINISH";
    case GuestCommand::kSendStart:
      return "SEND_START";
    case GuestCommand::kSendUpdateData:
      return "SEND_UPDATE_DATA";
    case GuestCommand::kSendUpdateVmsa:
      return "SEND_UPDATE_VMSA";
    case GuestCommand::kSendFinish:
      return "SEND_FINISH";
    case GuestCommand::kReceiveStart:
      return "RECEIVE_START";
    case GuestCommand::kReceiveUpdateData:
      return "RECEIVE_UPDATE_DATA";
    case GuestCommand::kReceiveUpdateVmsa:
      return "RECEIVE_UPDATE_VMSA";
    case GuestCommand::kReceiveFinish:
      return "RECEIVE_FINISH";
    case GuestCommand::kGuestStatus:
      return "GUEST_STATUS";
    case GuestCommand::kDebugDecrypt:
      return "DBG_DECRYPT";
    case GuestCommand::kDebugEncrypt:
      return "DBG_ENCRYPT";
    case GuestCommand::kCertExport:
      return "CERT_EXPORT";
    case GuestCommand::kAttestationReport:
      return "GET_ATTESTATION_REPORT";
    case GuestCommand::kSendCancel:
      return "SEND_CANCEL";
    case GuestCommand::kInit2:
      return "INIT2";
  }
  return "?";
}

std::string_view name_of(PlatformCommand command) {
  switch (command) {
    case PlatformCommand::kFactoryReset:
      return "FACTORY_RESET";
    case PlatformCommand::kPlatformStatus:
      return "PLATFORM_STATUS";
    case PlatformCommand::kPekGen:
      return "PEK_GEN";
    case PlatformCommand::kPekCsr:
      return "PEK_CSR";
    case PlatformCommand::kPdhGen:
      return "PDH_GEN";
    case PlatformCommand::kPdhCertExport:
      return "PDH_CERT_EXPORT";
    case PlatformCommand::kPekCertImport:
      return "PEK_CERT_IMPORT";
    case PlatformCommand::kGetId:
      return "GET_ID";
    case PlatformCommand::kGetId2:
      return "GET_ID2";
    case PlatformCommand::kSnpPlatformStatus:
      return "SNP_PLATFORM_STATUS";
  }
  return "?";
}

std::string_view name_of(GuestState state) {
  switch (state) {
    case GuestState::kUninitialized:
      return "UNINIT";
    case GuestState::kLaunchUpdate:
      return "LUPDATE";
    case GuestState::kLaunchSecret:
      return "LSECRET";
    case GuestState::kRunning:
      return "RUNNING";
    case GuestState::kSendUpdate:
      return "SUPDATE";
    case GuestState::kReceiveUpdate:
      return "RUPDATE";
    case GuestState::kSent:
      return "SENT";
  }
  return "?";
}

std::string_view name_of(FirmwareStatus status) {
  switch (status) {
    case FirmwareStatus::kSuccess:
      return "SUCCESS";
    case FirmwareStatus::kInvalidPlatformState:
      return "INVALID_PLATFORM_STATE";
    case FirmwareStatus::kInvalidGuestState:
      return "INVALID_GUEST_STATE";
    case FirmwareStatus::kInvalidConfig:
      return "INVALID_CONFIG";
    case FirmwareStatus::kInvalidLength:
      return "INVALID_LEN";
    case FirmwareStatus::kAlreadyOwned:
      return "ALREADY_OWNED";
    case FirmwareStatus::kInvalidCertificate:
      return "INVALID_CERTIFICATE";
    case FirmwareStatus::kPolicyFailure:
      return "POLICY_FAILURE";
    case FirmwareStatus::kInactive:
      return "INACTIVE";
    case FirmwareStatus::kInvalidAddress:
      return "INVALID_ADDRESS";
    case FirmwareStatus::kBadSignature:
      return "BAD_SIGNATURE";
    case FirmwareStatus::kBadMeasurement:
      return "BAD_MEASUREMENT";
    case FirmwareStatus::kAsidOwned:
      return "ASID_OWNED";
    case FirmwareStatus::kInvalidAsid:
      return "INVALID_ASID";
    case FirmwareStatus::kWbinvdRequired:
      return "WBINVD_REQUIRED";
    case FirmwareStatus::kDfFlushRequired:
      return "DFFLUSH_REQUIRED";
    case FirmwareStatus::kInvalidGuest:
      return "INVALID_GUEST";
    case FirmwareStatus::kInvalidCommand:
      return "INVALID_COMMAND";
    case FirmwareStatus::kActive:
      return "ACTIVE";
    case FirmwareStatus::kHardwarePlatform:
      return "HWSEV_RET_PLATFORM";
    case FirmwareStatus::kHardwareUnsafe:
      return "HWSEV_RET_UNSAFE";
    case FirmwareStatus::kUnsupported:
      return "UNSUPPORTED";
    case FirmwareStatus::kInvalidParameter:
      return "INVALID_PARAM";
    case FirmwareStatus::kResourceLimit:
      return "RESOURCE_LIMIT";
    case FirmwareStatus::kSecureDataInvalid:
      return "SECURE_DATA_INVALID";
    case FirmwareStatus::kInvalidPageSize:
      return "INVALID_PAGE_SIZE";
    case FirmwareStatus::kInvalidPageState:
      return "INVALID_PAGE_STATE";
    case FirmwareStatus::kInvalidMetadataEntry:
      return "INVALID_MDATA_ENTRY";
    case FirmwareStatus::kInvalidPageOwner:
      return "INVALID_PAGE_OWNER";
    case FirmwareStatus::kAeadOverflow:
      return "AEAD_OFLOW";
    case FirmwareStatus::kRingBufferExit:
      return "RING_BUFFER_EXIT";
    case FirmwareStatus::kRmpInitRequired:
      return "RMP_INIT_REQUIRED";
    case FirmwareStatus::kBadSvn:
      return "BAD_SVN";
    case FirmwareStatus::kBadVersion:
      return "BAD_VERSION";
    case FirmwareStatus::kShutdownRequired:
      return "SHUTDOWN_REQUIRED";
    case FirmwareStatus::kUpdateFailed:
      return "UPDATE_FAILED";
    case FirmwareStatus::kRestoreRequired:
      return "RESTORE_REQUIRED";
    case FirmwareStatus::kRmpInitFailed:
      return "RMP_INIT_FAILED";
    case FirmwareStatus::kInvalidKey:
      return "INVALID_KEY";
  }
  return "?";
}

}  // namespace virtsev::sevcore
