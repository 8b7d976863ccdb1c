// SPDX-License-Identifier: LGPL-2.1-or-later
// The software firmware: what AMD's security processor does for SEV and SEV-ES, at the level of its mailbox.
// Real cryptography, no protection: whoever runs it can read its keys.
//
// Of the specification's commands, those that Linux does not offer (COPY, ACTIVATE_EX, INIT_EX,
// DOWNLOAD_FIRMWARE) answer UNSUPPORTED; numbers that are no command answer INVALID_COMMAND. Which check
// comes first, where several fail, is this firmware's own choice: platform state, guest, guest state,
// activity, reserved fields, addresses and lengths, policy, cryptography.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>

#include "sevcore/abi/mailbox.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/firmware/firmware_memory.hpp"
#include "sevcore/firmware/guest_context.hpp"
#include "sevcore/firmware/platform_identity.hpp"

namespace virtsev::sevcore {

/// What the processor offers: CPUID Fn8000_001F. SEV-ES guests have ASIDs from 1 to below `min_sev_asid`, SEV
/// guests from there to `max_asid`.
struct AsidRange {
  std::uint32_t max_asid = 0;
  std::uint32_t min_sev_asid = 1;
};

class FirmwareCore {
 public:
  /// `memory` must outlive it.
  FirmwareCore(PlatformIdentity identity, AsidRange asids, FirmwareMemory& memory);

  /// Runs one command. `buffer` is the command's structure of mailbox.hpp; it is changed where the command
  /// answers through it, on failure too where a length is asked for. One that is too short gives
  /// INVALID_ADDRESS. Anything may stand in it.
  FirmwareStatus submit(MailboxCommand command, MutableBytes buffer);

  /// Guests of the same platform that another instance serves: they count in PLATFORM_STATUS, and keep the
  /// platform in state WORKING.
  void set_guests_elsewhere(std::function<std::uint32_t()> count) { guests_elsewhere_ = std::move(count); }
  /// SEV-SNP is initialised: SEV-ES guests are refused from then on, as by AMD's firmware since 2025.
  void set_snp_initialized(bool on) { snp_initialized_ = on; }
  /// For a platform that several instances serve: another one may have given it new keys.
  void replace_identity(PlatformIdentity identity) { identity_ = std::move(identity); }
  /// From then on no command may come that needs the platform's keys.
  void erase_identity() { const PlatformIdentity erased = std::move(identity_); }
  [[nodiscard]] const PlatformIdentity& identity() const { return identity_; }

 private:
  using Guests = std::map<std::uint32_t, GuestContext>;

  [[nodiscard]] PlatformState state() const;
  /// Platform state, handle, guest state; `guest` is set on success.
  FirmwareStatus check_guest(MailboxCommand command, std::uint32_t handle, GuestContext*& guest);

  FirmwareStatus init(InitBuffer& buffer);
  FirmwareStatus shutdown();
  FirmwareStatus platform_reset();
  FirmwareStatus pek_gen();
  FirmwareStatus pdh_gen();
  FirmwareStatus platform_status(PlatformStatusBuffer& buffer);
  FirmwareStatus pdh_cert_export(PdhCertExportBuffer& buffer);
  FirmwareStatus get_id(OutputBuffer& buffer);
  FirmwareStatus pek_csr(OutputBuffer& buffer);
  FirmwareStatus pek_cert_import(PekCertImportBuffer& buffer);
  FirmwareStatus df_flush();

  FirmwareStatus activate(ActivateBuffer& buffer);
  FirmwareStatus deactivate(HandleBuffer& buffer);
  FirmwareStatus decommission(HandleBuffer& buffer);
  FirmwareStatus guest_status(GuestStatusBuffer& buffer);

  FirmwareStatus launch_start(LaunchStartBuffer& buffer);
  FirmwareStatus check_policy(Policy policy) const;
  FirmwareStatus check_key_sharing(std::uint32_t source_handle, Policy policy) const;
  FirmwareStatus open_start_session(const LaunchStartBuffer& buffer, GuestContext& guest);
  FirmwareStatus start_guest(LaunchStartBuffer& buffer, GuestState state);
  FirmwareStatus launch_update_data(GuestRangeBuffer& buffer);
  FirmwareStatus launch_update_vmsa(GuestRangeBuffer& buffer);
  FirmwareStatus launch_measure(GuestRangeBuffer& buffer);
  FirmwareStatus attestation(AttestationBuffer& buffer);

  FirmwareStatus send_start(SendStartBuffer& buffer);
  FirmwareStatus check_target(Policy policy, const SendStartBuffer& buffer, crypto::EcPoint& target);
  FirmwareStatus receive_start(LaunchStartBuffer& buffer);
  FirmwareStatus check_packet(MailboxCommand command, const PacketBuffer& buffer, GuestContext*& guest);
  FirmwareStatus packet_out(MailboxCommand command, PacketBuffer& buffer);
  FirmwareStatus packet_in(MailboxCommand command, PacketBuffer& buffer);
  /// The commands that only lead to another state.
  FirmwareStatus go_on(MailboxCommand command, const HandleBuffer& buffer, GuestState next);

  FirmwareStatus debug_decrypt(DebugBuffer& buffer);
  FirmwareStatus debug_encrypt(DebugBuffer& buffer);
  FirmwareStatus check_debug(MailboxCommand command, const DebugBuffer& buffer, GuestContext*& guest);

  FirmwareStatus measure_range(GuestContext& guest, std::uint64_t address, std::uint32_t length);

  PlatformIdentity identity_;
  AsidRange asids_;
  FirmwareMemory& memory_;
  std::function<std::uint32_t()> guests_elsewhere_;
  bool initialized_ = false;
  bool es_enabled_ = false;
  bool snp_initialized_ = false;
  Guests guests_;
  std::uint32_t next_handle_ = 1;
  std::set<std::uint32_t> dirty_asids_;  ///< Deactivated, and not flushed since
};

}  // namespace virtsev::sevcore
