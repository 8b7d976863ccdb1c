// SPDX-License-Identifier: LGPL-2.1-or-later
// The firmware's own commands and their buffers, as a driver puts them into the mailbox: SEV API (AMD
// document 55766), chapters 5 and 6; Linux: include/linux/psp-sev.h. All integers little-endian; addresses
// are the firmware's (firmware_memory.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "sevcore/abi/commands.hpp"

namespace virtsev::sevcore {

enum class MailboxCommand : std::uint32_t {
  kInit = 0x01,
  kShutdown = 0x02,
  kPlatformReset = 0x03,
  kPlatformStatus = 0x04,
  kPekGen = 0x05,
  kPekCsr = 0x06,
  kPekCertImport = 0x07,
  kPdhCertExport = 0x08,
  kPdhGen = 0x09,
  kDfFlush = 0x0a,
  kDownloadFirmware = 0x0b,
  kGetId = 0x0c,
  kInitEx = 0x0d,
  kDecommission = 0x20,
  kActivate = 0x21,
  kDeactivate = 0x22,
  kGuestStatus = 0x23,
  kCopy = 0x24,
  kActivateEx = 0x25,
  kLaunchStart = 0x30,
  kLaunchUpdateData = 0x31,
  kLaunchUpdateVmsa = 0x32,
  kLaunchMeasure = 0x33,
  kLaunchUpdateSecret = 0x34,
  kLaunchFinish = 0x35,
  kAttestation = 0x36,
  kSendStart = 0x40,
  kSendUpdateData = 0x41,
  kSendUpdateVmsa = 0x42,
  kSendFinish = 0x43,
  kSendCancel = 0x44,
  kReceiveStart = 0x50,
  kReceiveUpdateData = 0x51,
  kReceiveUpdateVmsa = 0x52,
  kReceiveFinish = 0x53,
  kDebugDecrypt = 0x60,
  kDebugEncrypt = 0x61,
};

/// INIT. `flags` bit 0: guests may use SEV-ES.
struct [[gnu::packed]] InitBuffer {
  std::uint32_t flags = 0;
  std::uint32_t reserved = 0;
  std::uint64_t trusted_region_address = 0;
  std::uint32_t trusted_region_length = 0;
};
static_assert(sizeof(InitBuffer) == 20);
inline constexpr std::uint32_t kInitEs = 1U << 0;

/// PLATFORM_STATUS has the layout that /dev/sev gives to users.
using PlatformStatusBuffer = PlatformStatusArguments;

/// PDH_CERT_EXPORT.
struct [[gnu::packed]] PdhCertExportBuffer {
  std::uint64_t pdh_address = 0;
  std::uint32_t pdh_length = 0;
  std::uint32_t reserved = 0;
  std::uint64_t chain_address = 0;
  std::uint32_t chain_length = 0;
};
static_assert(sizeof(PdhCertExportBuffer) == 28);

/// PEK_CERT_IMPORT.
struct [[gnu::packed]] PekCertImportBuffer {
  std::uint64_t pek_address = 0;
  std::uint32_t pek_length = 0;
  std::uint32_t reserved = 0;
  std::uint64_t oca_address = 0;
  std::uint32_t oca_length = 0;
};
static_assert(sizeof(PekCertImportBuffer) == 28);

/// PEK_CSR and GET_ID: where the answer goes.
struct [[gnu::packed]] OutputBuffer {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
};
static_assert(sizeof(OutputBuffer) == 12);

/// DECOMMISSION, DEACTIVATE, LAUNCH_FINISH, SEND_FINISH, SEND_CANCEL, RECEIVE_FINISH.
struct [[gnu::packed]] HandleBuffer {
  std::uint32_t handle = 0;
};

struct [[gnu::packed]] ActivateBuffer {
  std::uint32_t handle = 0;
  std::uint32_t asid = 0;
};
static_assert(sizeof(ActivateBuffer) == 8);

struct [[gnu::packed]] GuestStatusBuffer {
  std::uint32_t handle = 0;
  std::uint32_t policy = 0;
  std::uint32_t asid = 0;  ///< 0 while inactive
  std::uint8_t state = 0;  ///< A GuestState
};
static_assert(sizeof(GuestStatusBuffer) == 13);

/// LAUNCH_START and RECEIVE_START. `handle` in: 0, or the guest whose keys are shared; out: the new guest's.
struct [[gnu::packed]] LaunchStartBuffer {
  std::uint32_t handle = 0;
  std::uint32_t policy = 0;
  std::uint64_t dh_address = 0;
  std::uint32_t dh_length = 0;
  std::uint32_t reserved = 0;
  std::uint64_t session_address = 0;
  std::uint32_t session_length = 0;
};
static_assert(sizeof(LaunchStartBuffer) == 36 && offsetof(LaunchStartBuffer, session_address) == 24);

/// LAUNCH_UPDATE_DATA, LAUNCH_UPDATE_VMSA and LAUNCH_MEASURE.
struct [[gnu::packed]] GuestRangeBuffer {
  std::uint32_t handle = 0;
  std::uint32_t reserved = 0;
  std::uint64_t address = 0;
  std::uint32_t length = 0;
};
static_assert(sizeof(GuestRangeBuffer) == 20);

/// LAUNCH_UPDATE_SECRET, SEND_UPDATE_DATA, SEND_UPDATE_VMSA, RECEIVE_UPDATE_DATA and RECEIVE_UPDATE_VMSA.
struct [[gnu::packed]] PacketBuffer {
  std::uint32_t handle = 0;
  std::uint32_t reserved1 = 0;
  std::uint64_t header_address = 0;
  std::uint32_t header_length = 0;
  std::uint32_t reserved2 = 0;
  std::uint64_t guest_address = 0;
  std::uint32_t guest_length = 0;
  std::uint32_t reserved3 = 0;
  std::uint64_t transport_address = 0;
  std::uint32_t transport_length = 0;
};
static_assert(sizeof(PacketBuffer) == 52 && offsetof(PacketBuffer, guest_address) == 24 &&
              offsetof(PacketBuffer, transport_address) == 40);

/// SEND_START. `chain`: the target's PEK, OCA and CEK; `amd`: its ASK and ARK; `policy` is an answer.
struct [[gnu::packed]] SendStartBuffer {
  std::uint32_t handle = 0;
  std::uint32_t policy = 0;
  std::uint64_t pdh_address = 0;
  std::uint32_t pdh_length = 0;
  std::uint32_t reserved1 = 0;
  std::uint64_t chain_address = 0;
  std::uint32_t chain_length = 0;
  std::uint32_t reserved2 = 0;
  std::uint64_t amd_address = 0;
  std::uint32_t amd_length = 0;
  std::uint32_t reserved3 = 0;
  std::uint64_t session_address = 0;
  std::uint32_t session_length = 0;
};
static_assert(sizeof(SendStartBuffer) == 68 && offsetof(SendStartBuffer, session_address) == 56);

/// ATTESTATION.
struct [[gnu::packed]] AttestationBuffer {
  std::uint32_t handle = 0;
  std::uint32_t reserved = 0;
  std::uint64_t address = 0;
  std::uint8_t nonce[16] = {};
  std::uint32_t length = 0;
};
static_assert(sizeof(AttestationBuffer) == 36 && offsetof(AttestationBuffer, nonce) == 16);

/// DBG_DECRYPT: from the guest's private memory to plain memory; DBG_ENCRYPT: the other way.
struct [[gnu::packed]] DebugBuffer {
  std::uint32_t handle = 0;
  std::uint32_t reserved = 0;
  std::uint64_t source = 0;
  std::uint64_t destination = 0;
  std::uint32_t length = 0;
};
static_assert(sizeof(DebugBuffer) == 28 && offsetof(DebugBuffer, destination) == 16);

}  // namespace virtsev::sevcore
