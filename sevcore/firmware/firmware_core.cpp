// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/firmware/firmware_core.hpp"

#include <cstring>
#include <utility>

namespace virtsev::sevcore {
namespace {

/// Copies the buffer in, so that nobody changes it between check and use, runs the command, and copies it
/// back.
template <typename Buffer, typename Run>
FirmwareStatus with(MutableBytes bytes, Run run) {
  if (bytes.size() < sizeof(Buffer)) {
    return FirmwareStatus::kInvalidAddress;
  }
  Buffer buffer;
  std::memcpy(&buffer, bytes.data(), sizeof(buffer));
  const FirmwareStatus status = run(buffer);
  std::memcpy(bytes.data(), &buffer, sizeof(buffer));
  return status;
}

}  // namespace

FirmwareCore::FirmwareCore(PlatformIdentity identity, AsidRange asids, FirmwareMemory& memory)
    : identity_(std::move(identity)), asids_(asids), memory_(memory) {}

FirmwareStatus FirmwareCore::submit(MailboxCommand command, MutableBytes bytes) {
  switch (command) {
    case MailboxCommand::kInit:
      return with<InitBuffer>(bytes, [this](auto& b) { return init(b); });
    case MailboxCommand::kShutdown:
      return shutdown();
    case MailboxCommand::kPlatformReset:
      return platform_reset();
    case MailboxCommand::kPlatformStatus:
      return with<PlatformStatusBuffer>(bytes, [this](auto& b) { return platform_status(b); });
    case MailboxCommand::kPekGen:
      return pek_gen();
    case MailboxCommand::kPdhGen:
      return pdh_gen();
    case MailboxCommand::kPdhCertExport:
      return with<PdhCertExportBuffer>(bytes, [this](auto& b) { return pdh_cert_export(b); });
    case MailboxCommand::kPekCsr:
      return with<OutputBuffer>(bytes, [this](auto& b) { return pek_csr(b); });
    case MailboxCommand::kPekCertImport:
      return with<PekCertImportBuffer>(bytes, [this](auto& b) { return pek_cert_import(b); });
    case MailboxCommand::kGetId:
      return with<OutputBuffer>(bytes, [this](auto& b) { return get_id(b); });
    case MailboxCommand::kDfFlush:
      return df_flush();
    case MailboxCommand::kActivate:
      return with<ActivateBuffer>(bytes, [this](auto& b) { return activate(b); });
    case MailboxCommand::kDeactivate:
      return with<HandleBuffer>(bytes, [this](auto& b) { return deactivate(b); });
    case MailboxCommand::kDecommission:
      return with<HandleBuffer>(bytes, [this](auto& b) { return decommission(b); });
    case MailboxCommand::kGuestStatus:
      return with<GuestStatusBuffer>(bytes, [this](auto& b) { return guest_status(b); });
    case MailboxCommand::kLaunchStart:
      return with<LaunchStartBuffer>(bytes, [this](auto& b) { return launch_start(b); });
    case MailboxCommand::kLaunchUpdateData:
      return with<GuestRangeBuffer>(bytes, [this](auto& b) { return launch_update_data(b); });
    case MailboxCommand::kLaunchUpdateVmsa:
      return with<GuestRangeBuffer>(bytes, [this](auto& b) { return launch_update_vmsa(b); });
    case MailboxCommand::kLaunchMeasure:
      return with<GuestRangeBuffer>(bytes, [this](auto& b) { return launch_measure(b); });
    case MailboxCommand::kLaunchUpdateSecret:
    case MailboxCommand::kReceiveUpdateData:
    case MailboxCommand::kReceiveUpdateVmsa:
      return with<PacketBuffer>(bytes, [=, this](auto& b) { return packet_in(command, b); });
    case MailboxCommand::kSendUpdateData:
    case MailboxCommand::kSendUpdateVmsa:
      return with<PacketBuffer>(bytes, [=, this](auto& b) { return packet_out(command, b); });
    case MailboxCommand::kSendStart:
      return with<SendStartBuffer>(bytes, [this](auto& b) { return send_start(b); });
    case MailboxCommand::kReceiveStart:
      return with<LaunchStartBuffer>(bytes, [this](auto& b) { return receive_start(b); });
    case MailboxCommand::kLaunchFinish:
    case MailboxCommand::kSendCancel:
    case MailboxCommand::kReceiveFinish:
      return with<HandleBuffer>(bytes,
                                [=, this](auto& b) { return go_on(command, b, GuestState::kRunning); });
    case MailboxCommand::kSendFinish:
      return with<HandleBuffer>(bytes, [=, this](auto& b) { return go_on(command, b, GuestState::kSent); });
    case MailboxCommand::kAttestation:
      return with<AttestationBuffer>(bytes, [this](auto& b) { return attestation(b); });
    case MailboxCommand::kDebugDecrypt:
      return with<DebugBuffer>(bytes, [this](auto& b) { return debug_decrypt(b); });
    case MailboxCommand::kDebugEncrypt:
      return with<DebugBuffer>(bytes, [this](auto& b) { return debug_encrypt(b); });
    case MailboxCommand::kDownloadFirmware:
    case MailboxCommand::kInitEx:
    case MailboxCommand::kCopy:
    case MailboxCommand::kActivateEx:
      return FirmwareStatus::kUnsupported;
  }
  return FirmwareStatus::kInvalidCommand;
}

PlatformState FirmwareCore::state() const {
  if (!initialized_) {
    return PlatformState::kUninitialized;
  }
  const bool working = !guests_.empty() || (guests_elsewhere_ && guests_elsewhere_() > 0);
  return working ? PlatformState::kWorking : PlatformState::kInitialized;
}

FirmwareStatus FirmwareCore::check_guest(MailboxCommand command, std::uint32_t handle, GuestContext*& guest) {
  if (!initialized_) {
    return FirmwareStatus::kInvalidPlatformState;
  }
  const auto found = guests_.find(handle);
  if (found == guests_.end()) {
    return FirmwareStatus::kInvalidGuest;
  }
  if (!allowed_in(command, found->second.state)) {
    return FirmwareStatus::kInvalidGuestState;
  }
  guest = &found->second;
  return FirmwareStatus::kSuccess;
}

}  // namespace virtsev::sevcore
