// SPDX-License-Identifier: LGPL-2.1-or-later
// AMD's own certificates, ASK and ARK (SEV API, AMD document 55766, appendix B.1).
#pragma once

#include <cstdint>
#include <string_view>

#include "sevcore/certificates/sev_certificate.hpp"

namespace virtsev::sevcore {

struct AmdCertificate {
  ByteArray<16> key_id{};
  ByteArray<16> certifying_id{};  ///< key_id of the signer
  KeyUsage usage = KeyUsage::kArk;
  Bytes exponent;   ///< Big-endian, as long as the modulus
  Bytes modulus;    ///< Big-endian, 256 or 512 bytes
  Bytes signature;  ///< Big-endian, as long as the modulus; empty where the file ends before it (AMD's own
                    ///< ARK of EPYC 7001)

  /// RSA-PSS with SHA-256 for keys of 2048 bits, SHA-384 for 4096.
  [[nodiscard]] bool uses_sha384() const { return modulus.size() == 512; }
  friend bool operator==(const AmdCertificate&, const AmdCertificate&) = default;
};

/// Sizes in a file: 832 bytes for 2048 bits, 1600 for 4096.
Result<AmdCertificate, CertificateFault> parse_amd_certificate(ByteView bytes);

/// A certificate that is compiled in, as hexadecimal digits: virtsev's own data, which are well-formed.
AmdCertificate built_in_certificate(std::string_view hex);

/// How many bytes of `bytes` the certificate at their start takes, its signature included; 0 where that can't
/// be said.
std::size_t amd_certificate_size(ByteView bytes);

/// Whether `bytes` begin as an ASK or ARK does, and no SEV certificate: which parser's fault is the one to
/// tell.
bool looks_like_amd_certificate(ByteView bytes);

Bytes serialise(const AmdCertificate& certificate);

/// The bytes that the signature covers.
Bytes signed_bytes(const AmdCertificate& certificate);

/// ASK by ARK, ARK by itself.
bool is_signed_by(const AmdCertificate& certificate, const AmdCertificate& signer);

/// CEK by ASK.
bool is_signed_by(const SevCertificate& certificate, const AmdCertificate& signer);

/// Puts an RSA-PSS signature with SHA-384 by a 4096-bit ASK into a place (0 or 1). `private_key`: PKCS#8 DER.
void sign_as_ask(SevCertificate& certificate, std::size_t place, ByteView private_key);

}  // namespace virtsev::sevcore
