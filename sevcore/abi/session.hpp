// SPDX-License-Identifier: LGPL-2.1-or-later
// The session between a guest owner and a platform: transport keys, wrapped for one platform and one policy
// (SEV API, LAUNCH_START; key derivation: NIST SP 800-108, counter mode, HMAC-SHA-256).
#pragma once

#include <cstdint>
#include <string>

#include "sevcore/abi/transport_keys.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/result.hpp"
#include "sevcore/certificates/sev_certificate.hpp"
#include "sevcore/launch/policy.hpp"

namespace virtsev::sevcore {

/// nonce[16], wrapped TEK and TIK[32], IV[16], MAC of the wrapped keys[32], MAC of the policy[32].
using SessionBlob = ByteArray<128>;

struct OwnerSession {
  SevCertificate godh;  ///< dhCert in domain XML
  SessionBlob blob{};   ///< session in domain XML
  TransportKeys keys;   ///< The owner's secret
};

/// Fresh keys for one launch on the platform whose PDH this is. Whose platform that is, verify_chain tells.
/// Throws Error(kInvalidArgument) where the PDH's key is not on its curve.
OwnerSession make_session(const SevCertificate& pdh, Policy policy);

/// Why a platform refuses a session.
enum class SessionFault : std::uint8_t {
  kCertificate,  ///< The owner's certificate is malformed, no Diffie-Hellman one, or its key is not on the
                 ///< curve
  kLength,       ///< The session is not 128 bytes long
  kWrapMac,      ///< Made for another PDH, or changed on the way
  kPolicyMac,    ///< Made for another policy
};
std::string explain(SessionFault fault);

/// The platform's side. The signature on the owner's certificate is not checked, as no firmware checks it.
Result<TransportKeys, SessionFault> open_session(const crypto::EcKey& pdh, ByteView godh, ByteView session,
                                                 Policy policy);

/// Whether a session's MAC of the policy is that of this TIK and policy: for an owner, who keeps the TIK, and
/// can't open the session again.
bool is_session_of(const SessionBlob& session, const ByteArray<16>& tik, Policy policy);

/// What both sides and a migrating platform share: wraps keys under the shared secret (x coordinate,
/// big-endian) with a given nonce and IV.
SessionBlob wrap_session(const ByteArray<48>& shared_secret, const ByteArray<16>& nonce,
                         const ByteArray<16>& iv, const TransportKeys& keys, Policy policy);
Result<TransportKeys, SessionFault> unwrap_session(const ByteArray<48>& shared_secret, ByteView session,
                                                   Policy policy);

}  // namespace virtsev::sevcore
