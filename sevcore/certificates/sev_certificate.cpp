// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/certificates/sev_certificate.hpp"

#include "sevcore/certificates/ecdsa_field.hpp"

namespace virtsev::sevcore {
namespace {

// Offsets in the certificate.
constexpr std::size_t kApiMajor = 0x004;
constexpr std::size_t kApiMinor = 0x005;
constexpr std::size_t kReservedBytes = 0x006;
constexpr std::size_t kUsageField = 0x008;
constexpr std::size_t kAlgorithmField = 0x00c;
constexpr std::size_t kCurve = 0x010;
constexpr std::size_t kX = 0x014;
constexpr std::size_t kY = kX + 72;
constexpr std::size_t kKeyEnd = 0x414;
constexpr std::size_t kSignatureSize = 8 + 512;

constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kCurveP384 = 2;

bool usage_fits(KeyUsage usage) {
  return usage == KeyUsage::kOca || usage == KeyUsage::kPek || usage == KeyUsage::kPdh ||
         usage == KeyUsage::kCek;
}

bool algorithm_fits(KeyUsage usage, KeyAlgorithm algorithm) {
  if (usage == KeyUsage::kPdh) {
    return algorithm == KeyAlgorithm::kEcdhSha256 || algorithm == KeyAlgorithm::kEcdhSha384;
  }
  return algorithm == KeyAlgorithm::kEcdsaSha256 || algorithm == KeyAlgorithm::kEcdsaSha384;
}

bool is_rsa(KeyAlgorithm algorithm) {
  return algorithm == KeyAlgorithm::kRsaSha256 || algorithm == KeyAlgorithm::kRsaSha384;
}

bool signature_fits(const CertificateSignature& signature) {
  crypto::EcSignature ignored;
  switch (signature.usage) {
    case KeyUsage::kNone:
      return signature.algorithm == KeyAlgorithm::kNone && all_zero(signature.bytes);
    case KeyUsage::kAsk:
    case KeyUsage::kArk:
      return is_rsa(signature.algorithm);
    case KeyUsage::kOca:
    case KeyUsage::kPek:
    case KeyUsage::kCek:
      return (signature.algorithm == KeyAlgorithm::kEcdsaSha256 ||
              signature.algorithm == KeyAlgorithm::kEcdsaSha384) &&
             get_ecdsa(signature.bytes, ignored);
    default:
      return false;
  }
}

CertificateSignature read_signature(ByteView field) {
  CertificateSignature signature;
  signature.usage = static_cast<KeyUsage>(get_le<std::uint32_t>(field, 0));
  signature.algorithm = static_cast<KeyAlgorithm>(get_le<std::uint32_t>(field, 4));
  std::copy_n(field.begin() + 8, signature.bytes.size(), signature.bytes.begin());
  return signature;
}

}  // namespace

Result<SevCertificate, CertificateFault> parse_sev_certificate(ByteView bytes) {
  if (bytes.size() != SevCertificate::kSize) {
    return unexpected(CertificateFault::kLength);
  }
  if (get_le<std::uint32_t>(bytes, 0) != kVersion) {
    return unexpected(CertificateFault::kVersion);
  }
  SevCertificate certificate;
  certificate.api_major = bytes[kApiMajor];
  certificate.api_minor = bytes[kApiMinor];
  certificate.usage = static_cast<KeyUsage>(get_le<std::uint32_t>(bytes, kUsageField));
  certificate.algorithm = static_cast<KeyAlgorithm>(get_le<std::uint32_t>(bytes, kAlgorithmField));
  if (get_le<std::uint16_t>(bytes, kReservedBytes) != 0) {
    return unexpected(CertificateFault::kReserved);
  }
  if (!usage_fits(certificate.usage)) {
    return unexpected(CertificateFault::kUsage);
  }
  if (!algorithm_fits(certificate.usage, certificate.algorithm)) {
    return unexpected(CertificateFault::kAlgorithm);
  }
  if (get_le<std::uint32_t>(bytes, kCurve) != kCurveP384 ||
      !get_reversed(bytes.subspan(kX, kY - kX), certificate.key.x) ||
      !get_reversed(bytes.subspan(kY, kKeyEnd - kY), certificate.key.y)) {
    return unexpected(CertificateFault::kKey);
  }
  for (std::size_t place = 0; place < 2; ++place) {
    certificate.signatures[place] =
        read_signature(bytes.subspan(kKeyEnd + place * kSignatureSize, kSignatureSize));
    if (!signature_fits(certificate.signatures[place])) {
      return unexpected(CertificateFault::kSignature);
    }
  }
  return certificate;
}

ByteArray<SevCertificate::kSize> serialise(const SevCertificate& certificate) {
  ByteArray<SevCertificate::kSize> bytes{};
  const MutableBytes all(bytes);
  put_le(all, 0, kVersion);
  bytes[kApiMajor] = certificate.api_major;
  bytes[kApiMinor] = certificate.api_minor;
  put_le(all, kUsageField, static_cast<std::uint32_t>(certificate.usage));
  put_le(all, kAlgorithmField, static_cast<std::uint32_t>(certificate.algorithm));
  put_le(all, kCurve, kCurveP384);
  put_reversed(all.subspan(kX), certificate.key.x);
  put_reversed(all.subspan(kY), certificate.key.y);
  for (std::size_t place = 0; place < 2; ++place) {
    const CertificateSignature& signature = certificate.signatures[place];
    const std::size_t offset = kKeyEnd + place * kSignatureSize;
    put_le(all, offset, static_cast<std::uint32_t>(signature.usage));
    put_le(all, offset + 4, static_cast<std::uint32_t>(signature.algorithm));
    std::copy(signature.bytes.begin(), signature.bytes.end(), bytes.begin() + offset + 8);
  }
  return bytes;
}

Bytes signed_bytes(const SevCertificate& certificate) {
  const auto bytes = serialise(certificate);
  return {bytes.begin(), bytes.begin() + SevCertificate::kSignedSize};
}

void sign(SevCertificate& certificate, std::size_t place, KeyUsage signer_usage,
          const crypto::EcKey& signer) {
  CertificateSignature& signature = certificate.signatures.at(place);
  signature = {signer_usage, KeyAlgorithm::kEcdsaSha256, {}};
  put_ecdsa(signature.bytes, signer.sign_sha256(signed_bytes(certificate)));
}

bool is_signed_by(const SevCertificate& certificate, const SevCertificate& signer) {
  for (const CertificateSignature& signature : certificate.signatures) {
    crypto::EcSignature ecdsa;
    if (signature.usage == signer.usage && signature.algorithm == KeyAlgorithm::kEcdsaSha256 &&
        signer.algorithm == KeyAlgorithm::kEcdsaSha256 && get_ecdsa(signature.bytes, ecdsa) &&
        crypto::verify_ecdsa_sha256(signer.key, signed_bytes(certificate), ecdsa)) {
      return true;
    }
  }
  return false;
}

}  // namespace virtsev::sevcore
