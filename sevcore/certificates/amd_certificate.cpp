// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/certificates/amd_certificate.hpp"

#include "sevcore/base/hex.hpp"
#include "sevcore/certificates/little_endian.hpp"

namespace virtsev::sevcore {
namespace {

// Offsets in the certificate.
constexpr std::size_t kKeyId = 4;
constexpr std::size_t kCertifyingId = 20;
constexpr std::size_t kUsageField = 36;
constexpr std::size_t kReservedBytes = 40;
constexpr std::size_t kExponentBits = 56;
constexpr std::size_t kModulusBits = 60;
constexpr std::size_t kNumbers = 64;

constexpr std::uint32_t kVersion = 1;

/// Length of the modulus in bytes, or 0 where it is none that AMD uses.
std::size_t number_size(ByteView bytes) {
  const auto bits = get_le<std::uint32_t>(bytes, kModulusBits);
  return (bits == 2048 || bits == 4096) && get_le<std::uint32_t>(bytes, kExponentBits) == bits ? bits / 8 : 0;
}

}  // namespace

std::size_t amd_certificate_size(ByteView bytes) {
  if (bytes.size() < kNumbers) {
    return 0;
  }
  const std::size_t size = number_size(bytes);
  return size == 0 ? 0 : kNumbers + 3 * size;
}

bool looks_like_amd_certificate(ByteView bytes) {
  if (bytes.size() < kNumbers) {
    return false;
  }
  const auto usage = static_cast<KeyUsage>(get_le<std::uint32_t>(bytes, kUsageField));
  const bool usage_fits = usage == KeyUsage::kArk || usage == KeyUsage::kAsk;
  const auto bits_fit = [&](std::size_t field) {
    const auto bits = get_le<std::uint32_t>(bytes, field);
    return bits == 2048 || bits == 4096;
  };
  // Two of three, so that one changed byte makes no other format of it. A SEV certificate has a coordinate of
  // its key in these places.
  return int{usage_fits} + int{bits_fit(kExponentBits)} + int{bits_fit(kModulusBits)} >= 2;
}

Result<AmdCertificate, CertificateFault> parse_amd_certificate(ByteView bytes) {
  if (bytes.size() < kNumbers) {
    return unexpected(CertificateFault::kLength);
  }
  if (get_le<std::uint32_t>(bytes, 0) != kVersion) {
    return unexpected(CertificateFault::kVersion);
  }
  AmdCertificate certificate;
  certificate.usage = static_cast<KeyUsage>(get_le<std::uint32_t>(bytes, kUsageField));
  if (certificate.usage != KeyUsage::kArk && certificate.usage != KeyUsage::kAsk) {
    return unexpected(CertificateFault::kUsage);
  }
  if (!all_zero(bytes.subspan(kReservedBytes, kExponentBits - kReservedBytes))) {
    return unexpected(CertificateFault::kReserved);
  }
  const std::size_t size = number_size(bytes);
  if (size == 0) {
    return unexpected(CertificateFault::kKey);
  }
  if (bytes.size() != kNumbers + 3 * size && bytes.size() != kNumbers + 2 * size) {
    return unexpected(CertificateFault::kLength);
  }
  std::copy_n(bytes.begin() + kKeyId, 16, certificate.key_id.begin());
  std::copy_n(bytes.begin() + kCertifyingId, 16, certificate.certifying_id.begin());
  certificate.exponent = reversed(bytes.subspan(kNumbers, size));
  certificate.modulus = reversed(bytes.subspan(kNumbers + size, size));
  certificate.signature = reversed(bytes.subspan(kNumbers + 2 * size));
  return certificate;
}

Bytes signed_bytes(const AmdCertificate& certificate) {
  const std::size_t size = certificate.modulus.size();
  Bytes bytes(kNumbers + 2 * size);
  const MutableBytes all(bytes);
  put_le(all, 0, kVersion);
  std::copy(certificate.key_id.begin(), certificate.key_id.end(), bytes.begin() + kKeyId);
  std::copy(certificate.certifying_id.begin(), certificate.certifying_id.end(),
            bytes.begin() + kCertifyingId);
  put_le(all, kUsageField, static_cast<std::uint32_t>(certificate.usage));
  put_le(all, kExponentBits, static_cast<std::uint32_t>(size * 8));
  put_le(all, kModulusBits, static_cast<std::uint32_t>(size * 8));
  put_reversed(all.subspan(kNumbers), certificate.exponent);
  put_reversed(all.subspan(kNumbers + size), certificate.modulus);
  return bytes;
}

AmdCertificate built_in_certificate(std::string_view hex) {
  return parse_amd_certificate(from_hex(hex).value()).value();
}

Bytes serialise(const AmdCertificate& certificate) {
  Bytes bytes = signed_bytes(certificate);
  bytes.insert(bytes.end(), certificate.signature.rbegin(), certificate.signature.rend());
  return bytes;
}

bool is_signed_by(const AmdCertificate& certificate, const AmdCertificate& signer) {
  return certificate.certifying_id == signer.key_id && !certificate.signature.empty() &&
         crypto::verify_rsa_pss(signer.modulus, signer.exponent, signer.uses_sha384(),
                                signed_bytes(certificate), certificate.signature);
}

bool is_signed_by(const SevCertificate& certificate, const AmdCertificate& signer) {
  const KeyAlgorithm algorithm = signer.uses_sha384() ? KeyAlgorithm::kRsaSha384 : KeyAlgorithm::kRsaSha256;
  const std::size_t size = signer.modulus.size();
  for (const CertificateSignature& signature : certificate.signatures) {
    const ByteView field(signature.bytes);
    if (signature.usage == signer.usage && signature.algorithm == algorithm &&
        all_zero(field.subspan(size)) &&
        crypto::verify_rsa_pss(signer.modulus, signer.exponent, signer.uses_sha384(),
                               signed_bytes(certificate), reversed(field.first(size)))) {
      return true;
    }
  }
  return false;
}

void sign_as_ask(SevCertificate& certificate, std::size_t place, ByteView private_key) {
  CertificateSignature& signature = certificate.signatures.at(place);
  signature = {KeyUsage::kAsk, KeyAlgorithm::kRsaSha384, {}};
  put_reversed(signature.bytes, crypto::sign_rsa_pss(private_key, true, signed_bytes(certificate)));
}

}  // namespace virtsev::sevcore
