// SPDX-License-Identifier: LGPL-2.1-or-later
// The keys, certificates and id of one simulated platform: what a real one has in its fuses and its flash.
#pragma once

#include <optional>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/result.hpp"
#include "sevcore/certificates/platform_certificates.hpp"
#include "sevcore/crypto/crypto.hpp"

namespace virtsev::sevcore {

struct PlatformIdentity {
  ByteArray<64> chip_id{};
  crypto::EcKey cek;
  std::optional<crypto::EcKey> oca;  ///< None where the platform has an external owner, who keeps it
  crypto::EcKey pek;
  crypto::EcKey pdh;
  PlatformCertificates certificates;  ///< Without ASK and ARK, which are sevcore's simulated ones

  [[nodiscard]] bool owned() const { return !oca; }
};

/// New keys and a random id, under the simulated ASK and ARK.
PlatformIdentity make_platform_identity();

/// New OCA, PEK and PDH, as PEK_GEN and PLATFORM_RESET make them: the platform owns itself again, and
/// sessions made before become void.
void renew_pek(PlatformIdentity& identity);
/// A new PDH alone, as PDH_GEN makes it: sessions made before become void.
void renew_pdh(PlatformIdentity& identity);

/// The PEK as an owner is asked to sign it.
SevCertificate pek_request(const PlatformIdentity& identity);
/// The platform passes to the owner of `oca`, who has signed the PEK's request. The CEK signs in the PEK's
/// other place, and a new PDH is made. Whether the certificates belong together, the caller has checked.
void take_owner(PlatformIdentity& identity, const SevCertificate& pek, const SevCertificate& oca);

/// Why bytes are no identity.
enum class IdentityFault : std::uint8_t {
  kForeign,  ///< Something else entirely
  kVersion,  ///< Of a later virtsev
  kTorn,     ///< Cut off, or changed: the checksum does not hold
};

/// The file format, version 1: magic[16] "virtsev-identity", u32 version, u32 length of all, chip id[64],
/// PDH, PEK, OCA and CEK certificates (2084 bytes each), the private keys of CEK, OCA, PEK and PDH (each u32
/// length, PKCS#8 DER; the OCA's has length 0 where there is an external owner), SHA-256 of all before.
/// Little-endian.
Bytes serialise(const PlatformIdentity& identity);
Result<PlatformIdentity, IdentityFault> parse_platform_identity(ByteView bytes);
/// How long the identity at the beginning of `bytes` says that it is; 0 where not even that can be read.
std::size_t stated_identity_size(ByteView bytes);

}  // namespace virtsev::sevcore
