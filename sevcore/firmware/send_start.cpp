// SPDX-License-Identifier: LGPL-2.1-or-later
// SEND_START: whether the policy lets the guest go to that platform, and the session with it (SEV API,
// chapter 6). Both sides derive the session's keys from their PDHs, as a guest owner and a platform do.
#include <utility>

#include "sevcore/abi/session.hpp"
#include "sevcore/certificates/platform_certificates.hpp"
#include "sevcore/certificates/simulated_root.hpp"
#include "sevcore/firmware/firmware_core.hpp"

namespace virtsev::sevcore {
namespace {

/// ASK and ARK, in that order and nothing else.
bool parse_amd_certificates(ByteView bytes, PlatformCertificates& target) {
  const std::size_t ask_size = amd_certificate_size(bytes);
  if (ask_size == 0 || ask_size > bytes.size()) {
    return false;
  }
  const auto ask = parse_amd_certificate(bytes.first(ask_size));
  const auto ark = parse_amd_certificate(bytes.subspan(ask_size));
  if (!ask || !ark) {
    return false;
  }
  target.ask = *ask;
  target.ark = *ark;
  return true;
}

/// Policy SEV: the target's chain ends at the root that this platform has too, which is the simulated one.
FirmwareStatus check_authentic(const PlatformCertificates& target) {
  if (const auto root = verify_chain(target); !root) {
    return root.error() == ChainLink::kUsages ? FirmwareStatus::kInvalidCertificate
                                              : FirmwareStatus::kBadSignature;
  }
  const bool own_root =
      target.ark->modulus == simulated_ark().modulus && target.ark->exponent == simulated_ark().exponent;
  return own_root ? FirmwareStatus::kSuccess : FirmwareStatus::kPolicyFailure;
}

/// Policy DOMAIN: the target has this platform's owner.
FirmwareStatus check_domain(const PlatformCertificates& own, const PlatformCertificates& target) {
  if (target.oca.usage != KeyUsage::kOca) {
    return FirmwareStatus::kInvalidCertificate;
  }
  if (!is_signed_by(target.oca, target.oca) || !is_signed_by(target.pek, target.oca)) {
    return FirmwareStatus::kBadSignature;
  }
  return target.oca.key == own.oca.key ? FirmwareStatus::kSuccess : FirmwareStatus::kPolicyFailure;
}

}  // namespace

FirmwareStatus FirmwareCore::check_target(Policy policy, const SendStartBuffer& buffer,
                                          crypto::EcPoint& point) {
  ByteArray<kCertificateSize> pdh;
  ByteArray<kCertificateChainSize> chain;
  if (!memory_.read(buffer.pdh_address, pdh) || !memory_.read(buffer.chain_address, chain)) {
    return FirmwareStatus::kInvalidAddress;
  }
  auto target = parse_platform_certificates(pdh, chain);
  if (!target || target->pdh.usage != KeyUsage::kPdh || target->pdh.algorithm != KeyAlgorithm::kEcdhSha256 ||
      target->pek.usage != KeyUsage::kPek) {
    return FirmwareStatus::kInvalidCertificate;
  }
  if (!is_signed_by(target->pdh, target->pek)) {
    return FirmwareStatus::kBadSignature;
  }
  if (std::pair(target->pdh.api_major, target->pdh.api_minor) <
      std::pair(policy.api_major(), policy.api_minor())) {
    return FirmwareStatus::kPolicyFailure;
  }
  FirmwareStatus status = FirmwareStatus::kSuccess;
  if (policy.has(PolicyBit::kDomain)) {
    status = check_domain(identity_.certificates, *target);
  }
  if (status == FirmwareStatus::kSuccess && policy.has(PolicyBit::kSev)) {
    Bytes amd(buffer.amd_length);
    if (!memory_.read(buffer.amd_address, amd)) {
      return FirmwareStatus::kInvalidAddress;
    }
    status =
        parse_amd_certificates(amd, *target) ? check_authentic(*target) : FirmwareStatus::kInvalidCertificate;
  }
  point = target->pdh.key;
  return status;
}

FirmwareStatus FirmwareCore::send_start(SendStartBuffer& buffer) {
  GuestContext* guest = nullptr;
  if (const FirmwareStatus status = check_guest(MailboxCommand::kSendStart, buffer.handle, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  if (buffer.reserved1 != 0 || buffer.reserved2 != 0 || buffer.reserved3 != 0) {
    return FirmwareStatus::kInvalidParameter;
  }
  const bool too_short = buffer.session_length < kSessionSize;
  buffer.session_length = kSessionSize;
  if (too_short) {
    return FirmwareStatus::kInvalidLength;
  }
  if (guest->policy.has(PolicyBit::kNoSend)) {
    return FirmwareStatus::kPolicyFailure;
  }
  if (buffer.pdh_length != kCertificateSize || buffer.chain_length != kCertificateChainSize ||
      buffer.amd_length > kMaxBlobSize) {
    return FirmwareStatus::kInvalidLength;
  }
  crypto::EcPoint target;
  if (const FirmwareStatus status = check_target(guest->policy, buffer, target);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  ByteArray<48> shared_secret{};
  if (!identity_.pdh.derive(target, shared_secret)) {
    return FirmwareStatus::kInvalidCertificate;
  }
  ByteArray<16> nonce;
  ByteArray<16> iv;
  crypto::fill_random(nonce);
  crypto::fill_random(iv);
  const TransportKeys keys = TransportKeys::generate();
  const SessionBlob session = wrap_session(shared_secret, nonce, iv, keys, guest->policy);
  crypto::wipe(shared_secret);
  if (!memory_.write(buffer.session_address, session)) {
    return FirmwareStatus::kInvalidAddress;
  }
  guest->keys = keys;
  guest->state = GuestState::kSendUpdate;
  buffer.policy = guest->policy.value();
  return FirmwareStatus::kSuccess;
}

}  // namespace virtsev::sevcore
