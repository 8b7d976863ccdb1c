// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/abi/session.hpp"

#include <algorithm>

#include "sevcore/abi/key_derivation.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/certificates/make_certificates.hpp"

namespace virtsev::sevcore {
namespace {

// Offsets in the session.
constexpr std::size_t kNonce = 0;
constexpr std::size_t kWrappedKeys = 16;
constexpr std::size_t kIv = 48;
constexpr std::size_t kWrapMac = 64;
constexpr std::size_t kPolicyMac = 96;

/// The keys under which the transport keys travel.
struct WrappingKeys {
  ByteArray<16> encryption;
  ByteArray<16> integrity;

  WrappingKeys(const ByteArray<48>& shared_secret, ByteView nonce) {
    auto master = derive_key(shared_secret, "sev-master-secret", nonce);
    encryption = derive_key(master, "sev-kek", {});
    integrity = derive_key(master, "sev-kik", {});
    crypto::wipe(master);
  }
  WrappingKeys(const WrappingKeys&) = delete;
  WrappingKeys& operator=(const WrappingKeys&) = delete;
  ~WrappingKeys() {
    crypto::wipe(encryption);
    crypto::wipe(integrity);
  }
};

ByteArray<32> policy_mac(const ByteArray<16>& tik, Policy policy) {
  ByteArray<4> value{};
  put_le(MutableBytes(value), 0, policy.value());
  return crypto::hmac_sha256(tik, value);
}

}  // namespace

std::string explain(SessionFault fault) {
  switch (fault) {
    case SessionFault::kCertificate:
      return text("the guest owner's certificate is not a Diffie-Hellman certificate of curve P-384");
    case SessionFault::kLength:
      return text("the session is not 128 bytes long");
    case SessionFault::kWrapMac:
      return text(
          "the session was made for another platform (its PDH may have been renewed since), or was changed");
    case SessionFault::kPolicyMac:
      return text("the session was made for another policy");
  }
  return {};
}

bool is_session_of(const SessionBlob& session, const ByteArray<16>& tik, Policy policy) {
  return crypto::equal_constant_time(policy_mac(tik, policy), ByteView(session).subspan(kPolicyMac, 32));
}

SessionBlob wrap_session(const ByteArray<48>& shared_secret, const ByteArray<16>& nonce,
                         const ByteArray<16>& iv, const TransportKeys& keys, Policy policy) {
  const WrappingKeys wrapping(shared_secret, nonce);
  ByteArray<32> plain{};
  std::copy(keys.tek.begin(), keys.tek.end(), plain.begin());
  std::copy(keys.tik.begin(), keys.tik.end(), plain.begin() + 16);
  const Bytes wrapped = crypto::aes128_ctr(wrapping.encryption, iv, plain);
  crypto::wipe(plain);

  SessionBlob blob{};
  const auto put = [&](std::size_t offset, ByteView part) {
    std::copy(part.begin(), part.end(), blob.begin() + static_cast<std::ptrdiff_t>(offset));
  };
  put(kNonce, nonce);
  put(kWrappedKeys, wrapped);
  put(kIv, iv);
  put(kWrapMac, crypto::hmac_sha256(wrapping.integrity, wrapped));
  put(kPolicyMac, policy_mac(keys.tik, policy));
  return blob;
}

Result<TransportKeys, SessionFault> unwrap_session(const ByteArray<48>& shared_secret, ByteView session,
                                                   Policy policy) {
  if (session.size() != SessionBlob{}.size()) {
    return unexpected(SessionFault::kLength);
  }
  const WrappingKeys wrapping(shared_secret, session.subspan(kNonce, 16));
  const ByteView wrapped = session.subspan(kWrappedKeys, 32);
  // The IV is not under the MAC: a changed one gives another TIK, which the policy's MAC does not fit.
  if (!crypto::equal_constant_time(crypto::hmac_sha256(wrapping.integrity, wrapped),
                                   session.subspan(kWrapMac, 32))) {
    return unexpected(SessionFault::kWrapMac);
  }
  ByteArray<16> iv{};
  std::copy_n(session.begin() + kIv, iv.size(), iv.begin());
  Bytes plain = crypto::aes128_ctr(wrapping.encryption, iv, wrapped);
  TransportKeys keys;
  std::copy_n(plain.begin(), 16, keys.tek.begin());
  std::copy_n(plain.begin() + 16, 16, keys.tik.begin());
  crypto::wipe(plain);
  if (!crypto::equal_constant_time(policy_mac(keys.tik, policy), session.subspan(kPolicyMac, 32))) {
    return unexpected(SessionFault::kPolicyMac);
  }
  return keys;
}

OwnerSession make_session(const SevCertificate& pdh, Policy policy) {
  const crypto::EcKey owner = crypto::EcKey::generate();
  ByteArray<48> shared_secret{};
  if (!owner.derive(pdh.key, shared_secret)) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("the platform's PDH certificate is damaged: its key is not on curve P-384; export it again"));
  }
  ByteArray<16> nonce{};
  ByteArray<16> iv{};
  crypto::fill_random(nonce);
  crypto::fill_random(iv);
  OwnerSession session;
  session.keys = TransportKeys::generate();
  session.godh = make_godh(owner.public_point(), {pdh.api_major, pdh.api_minor});
  session.blob = wrap_session(shared_secret, nonce, iv, session.keys, policy);
  crypto::wipe(shared_secret);
  return session;
}

Result<TransportKeys, SessionFault> open_session(const crypto::EcKey& pdh, ByteView godh, ByteView session,
                                                 Policy policy) {
  const auto certificate = parse_sev_certificate(godh);
  ByteArray<48> shared_secret{};
  // The session's keys come from ECDH with SHA-256; a certificate for another hash is for another exchange.
  if (!certificate || certificate->usage != KeyUsage::kPdh ||
      certificate->algorithm != KeyAlgorithm::kEcdhSha256 || !pdh.derive(certificate->key, shared_secret)) {
    return unexpected(SessionFault::kCertificate);
  }
  auto keys = unwrap_session(shared_secret, session, policy);
  crypto::wipe(shared_secret);
  return keys;
}

}  // namespace virtsev::sevcore
