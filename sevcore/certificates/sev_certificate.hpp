// SPDX-License-Identifier: LGPL-2.1-or-later
// The certificates of a platform and of a guest owner: PDH, PEK, OCA, CEK, GODH (SEV API, AMD document 55766,
// appendix C.1).
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/result.hpp"
#include "sevcore/crypto/crypto.hpp"

namespace virtsev::sevcore {

/// What a key is for.
enum class KeyUsage : std::uint32_t {
  kArk = 0x0000,
  kAsk = 0x0013,
  kNone = 0x1000,
  kOca = 0x1001,
  kPek = 0x1002,
  kPdh = 0x1003,
  kCek = 0x1004,
};

enum class KeyAlgorithm : std::uint32_t {
  kNone = 0,
  kRsaSha256 = 0x001,
  kEcdsaSha256 = 0x002,
  kEcdhSha256 = 0x003,
  kRsaSha384 = 0x101,
  kEcdsaSha384 = 0x102,
  kEcdhSha384 = 0x103,
};

/// "PDH", "PEK", ...
std::string_view name_of(KeyUsage usage);

/// One of a certificate's two places for a signature. `bytes` as they are stored: ECDSA r[72], s[72]; RSA
/// 512; little-endian.
struct CertificateSignature {
  KeyUsage usage = KeyUsage::kNone;
  KeyAlgorithm algorithm = KeyAlgorithm::kNone;
  ByteArray<512> bytes{};
  [[nodiscard]] bool present() const { return usage != KeyUsage::kNone; }
  friend bool operator==(const CertificateSignature&, const CertificateSignature&) = default;
};

struct SevCertificate {
  static constexpr std::size_t kSize = 2084;
  static constexpr std::size_t kSignedSize =
      0x414;  ///< Every signature covers the bytes before the signatures

  std::uint8_t api_major = 0;
  std::uint8_t api_minor = 0;
  KeyUsage usage = KeyUsage::kNone;
  KeyAlgorithm algorithm = KeyAlgorithm::kNone;
  crypto::EcPoint key;  ///< On P-384: no platform uses another curve, or RSA, here
  std::array<CertificateSignature, 2> signatures;
  friend bool operator==(const SevCertificate&, const SevCertificate&) = default;
};

/// Why bytes are no certificate.
enum class CertificateFault : std::uint8_t {
  kLength,     ///< Not as long as the format is
  kVersion,    ///< Not version 1
  kReserved,   ///< A reserved or unused byte is not zero
  kUsage,      ///< No usage that such a certificate can have
  kAlgorithm,  ///< The algorithm does not go with the usage
  kKey,        ///< No key of curve P-384 (AMD certificate: of 2048 or 4096 bits)
  kSignature,  ///< A signature that its algorithm can't have made
};

/// For people, as the end of a sentence: "[the PDH certificate] has the wrong length".
std::string explain(CertificateFault fault);

/// Reads the format, and holds every byte of it against the format's rules; verifies no signature, and not
/// that the key is on its curve.
Result<SevCertificate, CertificateFault> parse_sev_certificate(ByteView bytes);

ByteArray<SevCertificate::kSize> serialise(const SevCertificate& certificate);

/// The bytes that signatures cover.
Bytes signed_bytes(const SevCertificate& certificate);

/// Puts an ECDSA signature into a place (0 or 1).
void sign(SevCertificate& certificate, std::size_t place, KeyUsage signer_usage, const crypto::EcKey& signer);

/// True where one of the two places holds a good signature by `signer`, with signer's usage.
bool is_signed_by(const SevCertificate& certificate, const SevCertificate& signer);

}  // namespace virtsev::sevcore
