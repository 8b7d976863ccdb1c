// SPDX-License-Identifier: LGPL-2.1-or-later
// The commands of KVM_MEMORY_ENCRYPT_OP and of /dev/sev, and their structures. Own definitions, because the
// headers of older distributions lack the newer commands (Debian 12: KVM_SEV_INIT2). Layouts: Linux,
// Documentation/virt/kvm/x86/amd-memory-encryption.rst, arch/x86/include/uapi/asm/kvm.h and
// include/uapi/linux/psp-sev.h. All integers little-endian; `..._address` is an address in the caller's own
// memory, `..._length` a number of bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sevcore/abi/firmware_status.hpp"

namespace virtsev::sevcore {

/// `id` of KVM_MEMORY_ENCRYPT_OP.
enum class GuestCommand : std::uint32_t {
  kInit = 0,
  kEsInit = 1,
  kLaunchStart = 2,
  kLaunchUpdateData = 3,
  kLaunchUpdateVmsa = 4,
  kLaunchSecret = 5,
  kLaunchMeasure = 6,
  kLaunchFinish = 7,
  kSendStart = 8,
  kSendUpdateData = 9,
  kSendUpdateVmsa = 10,
  kSendFinish = 11,
  kReceiveStart = 12,
  kReceiveUpdateData = 13,
  kReceiveUpdateVmsa = 14,
  kReceiveFinish = 15,
  kGuestStatus = 16,
  kDebugDecrypt = 17,
  kDebugEncrypt = 18,
  kCertExport = 19,
  kAttestationReport = 20,
  kSendCancel = 21,
  kInit2 = 22,
};

/// `cmd` of SEV_ISSUE_CMD.
enum class PlatformCommand : std::uint32_t {
  kFactoryReset = 0,
  kPlatformStatus = 1,
  kPekGen = 2,
  kPekCsr = 3,
  kPdhGen = 4,
  kPdhCertExport = 5,
  kPekCertImport = 6,
  kGetId = 7,  ///< Deprecated by the kernel in favour of kGetId2
  kGetId2 = 8,
  kSnpPlatformStatus = 9,  ///< Since Linux 6.9
};

/// `type` of KVM_CREATE_VM: kInit and kEsInit work with kDefault alone, kInit2 with the other two, and takes
/// from it whether it is SEV-ES.
enum class KvmVmType : unsigned long { kDefault = 0, kSev = 2, kSevEs = 3 };

/// KVM_MEMORY_ENCRYPT_OP's own structure. `error` is the firmware's status, written by the kernel.
struct KvmSevCommand {
  std::uint32_t id = 0;
  std::uint32_t pad = 0;
  std::uint64_t data = 0;
  std::uint32_t error = 0;
  std::uint32_t sev_fd = 0;
};
static_assert(sizeof(KvmSevCommand) == 24 && offsetof(KvmSevCommand, data) == 8 &&
              offsetof(KvmSevCommand, error) == 16);

/// KVM_MEMORY_ENCRYPT_REG_REGION and KVM_MEMORY_ENCRYPT_UNREG_REGION.
struct KvmEncryptedRegion {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};
static_assert(sizeof(KvmEncryptedRegion) == 16);

/// kInit2 (Linux 6.10 and later); the virtual machine must be of type KVM_X86_SEV_VM or KVM_X86_SEV_ES_VM.
struct Init2Arguments {
  std::uint64_t vmsa_features = 0;  ///< SEV_FEATURES of every VMSA; 0 for SEV
  std::uint32_t flags = 0;          ///< Must be 0
  std::uint16_t ghcb_version = 0;   ///< 0 for SEV; SEV-ES: at most 2, 0 = 2
  std::uint16_t pad1 = 0;
  std::uint32_t pad2[8] = {};
};
static_assert(sizeof(Init2Arguments) == 48 && offsetof(Init2Arguments, ghcb_version) == 12);

/// kLaunchStart: both addresses 0 for a guest without owner. kReceiveStart has the same layout; there the
/// certificate is the sender's PDH.
struct LaunchStartArguments {
  std::uint32_t handle = 0;  ///< In: 0, or the guest whose keys are shared; out: the new guest's handle
  std::uint32_t policy = 0;
  std::uint64_t dh_address = 0;  ///< The owner's Diffie-Hellman certificate, 2084 bytes
  std::uint32_t dh_length = 0;
  std::uint32_t pad1 = 0;
  std::uint64_t session_address = 0;  ///< The session, 128 bytes
  std::uint32_t session_length = 0;
  std::uint32_t pad2 = 0;
};
static_assert(sizeof(LaunchStartArguments) == 40 && offsetof(LaunchStartArguments, dh_address) == 8 &&
              offsetof(LaunchStartArguments, session_address) == 24);

/// kLaunchUpdateData. Address and length are multiples of 16.
struct LaunchUpdateDataArguments {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint32_t pad = 0;
};
static_assert(sizeof(LaunchUpdateDataArguments) == 16);

/// kLaunchSecret; kSendUpdateData and kReceiveUpdateData have the same layout.
struct PacketArguments {
  std::uint64_t header_address = 0;  ///< The packet header, 52 bytes
  std::uint32_t header_length = 0;
  std::uint32_t pad1 = 0;
  std::uint64_t guest_address = 0;  ///< Where guest memory is mapped, not a guest physical address
  std::uint32_t guest_length = 0;
  std::uint32_t pad2 = 0;
  std::uint64_t transport_address = 0;  ///< The packet's data, as long as guest_length
  std::uint32_t transport_length = 0;
  std::uint32_t pad3 = 0;
};
static_assert(sizeof(PacketArguments) == 48 && offsetof(PacketArguments, guest_address) == 16 &&
              offsetof(PacketArguments, transport_address) == 32);

/// kSendStart. Session length 0 asks for it.
struct SendStartArguments {
  std::uint32_t policy = 0;  ///< Out
  std::uint32_t pad1 = 0;
  std::uint64_t pdh_address = 0;  ///< The target's PDH, 2084 bytes
  std::uint32_t pdh_length = 0;
  std::uint32_t pad2 = 0;
  std::uint64_t chain_address = 0;  ///< The target's PEK, OCA and CEK, 6252 bytes
  std::uint32_t chain_length = 0;
  std::uint32_t pad3 = 0;
  std::uint64_t amd_address = 0;  ///< The target's ASK and ARK
  std::uint32_t amd_length = 0;
  std::uint32_t pad4 = 0;
  std::uint64_t session_address = 0;  ///< Where the session goes, 128 bytes
  std::uint32_t session_length = 0;
  std::uint32_t pad5 = 0;
};
static_assert(sizeof(SendStartArguments) == 72 && offsetof(SendStartArguments, session_address) == 56);

/// kLaunchMeasure: 48 bytes, the measurement (32) and its nonce (16). Length 0 asks for the length.
struct LaunchMeasureArguments {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint32_t pad = 0;
};
static_assert(sizeof(LaunchMeasureArguments) == 16);

/// kGuestStatus.
struct GuestStatusArguments {
  std::uint32_t handle = 0;
  std::uint32_t policy = 0;
  std::uint32_t state = 0;  ///< A GuestState
};
static_assert(sizeof(GuestStatusArguments) == 12);

/// kDebugDecrypt and kDebugEncrypt.
struct DebugArguments {
  std::uint64_t source = 0;
  std::uint64_t destination = 0;
  std::uint32_t length = 0;
  std::uint32_t pad = 0;
};
static_assert(sizeof(DebugArguments) == 24);

/// kAttestationReport: 208 bytes. Length 0 asks for the length.
struct AttestationReportArguments {
  std::uint8_t nonce[16] = {};
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint32_t pad = 0;
};
static_assert(sizeof(AttestationReportArguments) == 32 &&
              offsetof(AttestationReportArguments, address) == 16);

/// SEV_ISSUE_CMD's own structure (packed). `error` is the firmware's status, written by the kernel.
struct [[gnu::packed]] SevIssueCommand {
  std::uint32_t command = 0;
  std::uint64_t data = 0;
  std::uint32_t error = 0;
};
static_assert(sizeof(SevIssueCommand) == 16 && offsetof(SevIssueCommand, data) == 4);

/// kPlatformStatus.
struct [[gnu::packed]] PlatformStatusArguments {
  std::uint8_t api_major = 0;
  std::uint8_t api_minor = 0;
  std::uint8_t state = 0;   ///< A PlatformState
  std::uint32_t flags = 0;  ///< kPlatformOwned, kPlatformEs
  std::uint8_t build = 0;
  std::uint32_t guest_count = 0;
};
static_assert(sizeof(PlatformStatusArguments) == 12 && offsetof(PlatformStatusArguments, flags) == 3 &&
              offsetof(PlatformStatusArguments, guest_count) == 8);

/// kPekCsr: a 2084-byte certificate body to sign. Address or length 0 asks for the length.
struct [[gnu::packed]] PekCsrArguments {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
};
static_assert(sizeof(PekCsrArguments) == 12);

/// kPdhCertExport: the PDH (2084 bytes) and PEK, OCA and CEK (6252 bytes). Any field 0 asks for the lengths.
struct [[gnu::packed]] PdhCertExportArguments {
  std::uint64_t pdh_address = 0;
  std::uint32_t pdh_length = 0;
  std::uint64_t chain_address = 0;
  std::uint32_t chain_length = 0;
};
static_assert(sizeof(PdhCertExportArguments) == 24 && offsetof(PdhCertExportArguments, chain_address) == 12);

/// kPekCertImport.
struct [[gnu::packed]] PekCertImportArguments {
  std::uint64_t pek_address = 0;
  std::uint32_t pek_length = 0;
  std::uint64_t oca_address = 0;
  std::uint32_t oca_length = 0;
};
static_assert(sizeof(PekCertImportArguments) == 24);

/// kGetId: the ids of two sockets, 64 bytes each, zeros where there is no second one.
struct [[gnu::packed]] GetIdArguments {
  std::uint8_t socket1[64] = {};
  std::uint8_t socket2[64] = {};
};
static_assert(sizeof(GetIdArguments) == 128);

/// kGetId2: 64 bytes for each socket. Address or length 0 asks for the length.
struct [[gnu::packed]] GetId2Arguments {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
};
static_assert(sizeof(GetId2Arguments) == 12);

/// kSnpPlatformStatus (struct sev_user_data_snp_status).
struct [[gnu::packed]] SnpPlatformStatusArguments {
  std::uint8_t api_major = 0;
  std::uint8_t api_minor = 0;
  std::uint8_t state = 0;  ///< kSnpInitialized
  std::uint8_t rmp = 0;    ///< Bit 0: the RMP is initialised
  std::uint32_t build = 0;
  std::uint32_t flags = 0;
  std::uint32_t guest_count = 0;
  std::uint64_t current_tcb = 0;   ///< TCB_VERSION
  std::uint64_t reported_tcb = 0;  ///< TCB_VERSION in attestation reports
};
static_assert(sizeof(SnpPlatformStatusArguments) == 32 && offsetof(SnpPlatformStatusArguments, build) == 4 &&
              offsetof(SnpPlatformStatusArguments, current_tcb) == 16);

/// SnpPlatformStatusArguments::state.
inline constexpr std::uint8_t kSnpInitialized = 1;

/// PlatformStatusArguments::flags.
inline constexpr std::uint32_t kPlatformOwned = 1U << 0;  ///< The platform has an external owner
inline constexpr std::uint32_t kPlatformEs = 1U << 8;     ///< SEV-ES can be used

/// PlatformStatusArguments::state.
enum class PlatformState : std::uint8_t { kUninitialized = 0, kInitialized = 1, kWorking = 2 };

/// GuestStatusArguments::state (SEV API, guest state machine).
enum class GuestState : std::uint32_t {
  kUninitialized = 0,
  kLaunchUpdate = 1,
  kLaunchSecret = 2,
  kRunning = 3,
  kSendUpdate = 4,
  kReceiveUpdate = 5,
  kSent = 6,
};

/// Sizes of what passes through these structures, in bytes.
inline constexpr std::uint32_t kCertificateSize = 2084;
inline constexpr std::uint32_t kCertificateChainSize = 3 * kCertificateSize;
inline constexpr std::uint32_t kSessionSize = 128;
inline constexpr std::uint32_t kMeasurementSize = 48;
inline constexpr std::uint32_t kPacketHeaderSize = 52;
inline constexpr std::uint32_t kChipIdSize = 64;
/// The kernel copies no blob longer than this in or out (SEV_FW_BLOB_MAX_SIZE).
inline constexpr std::uint32_t kMaxBlobSize = 16384;

}  // namespace virtsev::sevcore
