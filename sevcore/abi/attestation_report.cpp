// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/abi/attestation_report.hpp"

#include <algorithm>

#include "sevcore/certificates/ecdsa_field.hpp"

namespace virtsev::sevcore {
namespace {

// Offsets in the report.
constexpr std::size_t kDigest = 0x10;
constexpr std::size_t kPolicy = 0x30;
constexpr std::size_t kUsage = 0x34;  // the signature covers the bytes before it
constexpr std::size_t kAlgorithm = 0x38;
constexpr std::size_t kReserved = 0x3c;
constexpr std::size_t kSignature = 0x40;

}  // namespace

Result<AttestationReport, CertificateFault> parse_attestation_report(ByteView bytes) {
  if (bytes.size() != AttestationReport::kSize) {
    return unexpected(CertificateFault::kLength);
  }
  if (get_le<std::uint32_t>(bytes, kUsage) != static_cast<std::uint32_t>(KeyUsage::kPek)) {
    return unexpected(CertificateFault::kUsage);
  }
  if (get_le<std::uint32_t>(bytes, kAlgorithm) != static_cast<std::uint32_t>(KeyAlgorithm::kEcdsaSha256)) {
    return unexpected(CertificateFault::kAlgorithm);
  }
  if (get_le<std::uint32_t>(bytes, kReserved) != 0) {
    return unexpected(CertificateFault::kReserved);
  }
  AttestationReport report;
  std::copy_n(bytes.begin(), report.mnonce.size(), report.mnonce.begin());
  std::copy_n(bytes.begin() + kDigest, report.launch_digest.size(), report.launch_digest.begin());
  report.policy = Policy(get_le<std::uint32_t>(bytes, kPolicy));
  if (!get_ecdsa(bytes.subspan(kSignature), report.signature)) {
    return unexpected(CertificateFault::kSignature);
  }
  return report;
}

ByteArray<AttestationReport::kSize> serialise(const AttestationReport& report) {
  ByteArray<AttestationReport::kSize> bytes{};
  const MutableBytes all(bytes);
  std::copy(report.mnonce.begin(), report.mnonce.end(), bytes.begin());
  std::copy(report.launch_digest.begin(), report.launch_digest.end(), bytes.begin() + kDigest);
  put_le(all, kPolicy, report.policy.value());
  put_le(all, kUsage, static_cast<std::uint32_t>(KeyUsage::kPek));
  put_le(all, kAlgorithm, static_cast<std::uint32_t>(KeyAlgorithm::kEcdsaSha256));
  put_ecdsa(all.subspan(kSignature), report.signature);
  return bytes;
}

AttestationReport sign_attestation_report(const ByteArray<16>& mnonce, const ByteArray<32>& launch_digest,
                                          Policy policy, const crypto::EcKey& pek) {
  AttestationReport report{mnonce, launch_digest, policy, {}};
  report.signature = pek.sign_sha256(ByteView(serialise(report)).first(kUsage));
  return report;
}

bool is_signed_by(const AttestationReport& report, const SevCertificate& pek) {
  return pek.usage == KeyUsage::kPek &&
         crypto::verify_ecdsa_sha256(pek.key, ByteView(serialise(report)).first(kUsage), report.signature);
}

}  // namespace virtsev::sevcore
