// SPDX-License-Identifier: LGPL-2.1-or-later
// PEK_CSR and PEK_CERT_IMPORT: how a platform comes by an owner (SEV API, chapter 5).
#include "sevcore/certificates/make_certificates.hpp"
#include "sevcore/firmware/firmware_core.hpp"

namespace virtsev::sevcore {
namespace {

/// Whether this is the request, signed by the OCA in one of its places and by nobody in the other.
FirmwareStatus check_signed_request(const SevCertificate& pek, const SevCertificate& request,
                                    const SevCertificate& oca) {
  if (oca.usage != KeyUsage::kOca || signed_bytes(pek) != signed_bytes(request) ||
      (pek.signatures[0].present() && pek.signatures[1].present())) {
    return FirmwareStatus::kInvalidCertificate;
  }
  if (!is_signed_by(oca, oca) || !is_signed_by(pek, oca)) {
    return FirmwareStatus::kBadSignature;
  }
  return FirmwareStatus::kSuccess;
}

}  // namespace

FirmwareStatus FirmwareCore::pek_csr(OutputBuffer& buffer) {
  if (state() != PlatformState::kInitialized) {
    return FirmwareStatus::kInvalidPlatformState;
  }
  if (identity_.owned()) {
    return FirmwareStatus::kAlreadyOwned;
  }
  const bool too_short = buffer.length < kCertificateSize;
  buffer.length = kCertificateSize;
  if (too_short) {
    return FirmwareStatus::kInvalidLength;
  }
  return memory_.write(buffer.address, serialise(pek_request(identity_))) ? FirmwareStatus::kSuccess
                                                                          : FirmwareStatus::kInvalidAddress;
}

FirmwareStatus FirmwareCore::pek_cert_import(PekCertImportBuffer& buffer) {
  if (state() != PlatformState::kInitialized) {
    return FirmwareStatus::kInvalidPlatformState;
  }
  if (identity_.owned()) {
    return FirmwareStatus::kAlreadyOwned;
  }
  if (buffer.reserved != 0) {
    return FirmwareStatus::kInvalidParameter;
  }
  if (buffer.pek_length != kCertificateSize || buffer.oca_length != kCertificateSize) {
    return FirmwareStatus::kInvalidLength;
  }
  ByteArray<kCertificateSize> pek_bytes;
  ByteArray<kCertificateSize> oca_bytes;
  if (!memory_.read(buffer.pek_address, pek_bytes) || !memory_.read(buffer.oca_address, oca_bytes)) {
    return FirmwareStatus::kInvalidAddress;
  }
  const auto pek = parse_sev_certificate(pek_bytes);
  const auto oca = parse_sev_certificate(oca_bytes);
  if (!pek || !oca) {
    return FirmwareStatus::kInvalidCertificate;
  }
  const FirmwareStatus status = check_signed_request(*pek, pek_request(identity_), *oca);
  if (status == FirmwareStatus::kSuccess) {
    take_owner(identity_, *pek, *oca);
  }
  return status;
}

}  // namespace virtsev::sevcore
