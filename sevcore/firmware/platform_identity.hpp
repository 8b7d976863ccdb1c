// SPDX-License-Identifier: LGPL-2.1-or-later
// The keys, certificates and id of one simulated platform: what a real one has in its fuses and its flash.
#pragma once

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/result.hpp"
#include "sevcore/certificates/platform_certificates.hpp"
#include "sevcore/crypto/crypto.hpp"

namespace virtsev::sevcore {

/// Self-owned: the platform has its own OCA.
struct PlatformIdentity {
  ByteArray<64> chip_id{};
  crypto::EcKey cek;
  crypto::EcKey oca;
  crypto::EcKey pek;
  crypto::EcKey pdh;
  PlatformCertificates certificates;  ///< Without ASK and ARK, which are sevcore's simulated ones
};

/// New keys and a random id, under the simulated ASK and ARK.
PlatformIdentity make_platform_identity();

/// New OCA, PEK and PDH, as PEK_GEN and PLATFORM_RESET make them: sessions made before become void.
void renew_pek(PlatformIdentity& identity);
/// A new PDH alone, as PDH_GEN makes it: sessions made before become void.
void renew_pdh(PlatformIdentity& identity);

/// Why bytes are no identity.
enum class IdentityFault : std::uint8_t {
  kForeign,  ///< Something else entirely
  kVersion,  ///< Of a later virtsev
  kTorn,     ///< Cut off, or changed: the checksum does not hold
};

/// The file format, version 1: magic[16] "virtsev-identity", u32 version, u32 length of all, chip id[64],
/// PDH, PEK, OCA and CEK certificates (2084 bytes each), the private keys of CEK, OCA, PEK and PDH (each u32
/// length, PKCS#8 DER), SHA-256 of all before. Little-endian.
Bytes serialise(const PlatformIdentity& identity);
Result<PlatformIdentity, IdentityFault> parse_platform_identity(ByteView bytes);

}  // namespace virtsev::sevcore
