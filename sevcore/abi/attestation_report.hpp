// SPDX-License-Identifier: LGPL-2.1-or-later
// The report that a platform signs about a guest (SEV API, ATTESTATION), 208 bytes.
#pragma once

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/result.hpp"
#include "sevcore/certificates/sev_certificate.hpp"
#include "sevcore/launch/policy.hpp"

namespace virtsev::sevcore {

struct AttestationReport {
  static constexpr std::size_t kSize = 208;
  ByteArray<16> mnonce{};  ///< The caller's
  ByteArray<32> launch_digest{};
  Policy policy;
  crypto::EcSignature signature;  ///< By the PEK, ECDSA with SHA-256
};

/// kLength, or kReserved, kUsage, kAlgorithm, kSignature where a field can't be what a PEK signed.
Result<AttestationReport, CertificateFault> parse_attestation_report(ByteView bytes);
ByteArray<AttestationReport::kSize> serialise(const AttestationReport& report);

/// The platform's side.
AttestationReport sign_attestation_report(const ByteArray<16>& mnonce, const ByteArray<32>& launch_digest,
                                          Policy policy, const crypto::EcKey& pek);
bool is_signed_by(const AttestationReport& report, const SevCertificate& pek);

}  // namespace virtsev::sevcore
