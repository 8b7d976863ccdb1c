// SPDX-License-Identifier: LGPL-2.1-or-later
// ATTESTATION: a report on a guest, signed with the PEK (SEV API, chapter 6; facts of the layout:
// owner/attestation_report.hpp).
#include <algorithm>

#include "sevcore/abi/attestation_report.hpp"
#include "sevcore/firmware/firmware_core.hpp"

namespace virtsev::sevcore {

FirmwareStatus FirmwareCore::attestation(AttestationBuffer& buffer) {
  GuestContext* guest = nullptr;
  if (const FirmwareStatus status = check_guest(MailboxCommand::kAttestation, buffer.handle, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  if (buffer.reserved != 0) {
    return FirmwareStatus::kInvalidParameter;
  }
  const bool too_short = buffer.length < AttestationReport::kSize;
  buffer.length = AttestationReport::kSize;
  if (too_short) {
    return FirmwareStatus::kInvalidLength;
  }
  ByteArray<16> nonce;
  std::copy_n(buffer.nonce, nonce.size(), nonce.begin());
  // A received guest was measured elsewhere: zeros, which no launch gives (this firmware's own choice).
  const ByteArray<32> digest = guest->received ? ByteArray<32>{} : guest->digest.digest();
  const AttestationReport report = sign_attestation_report(nonce, digest, guest->policy, identity_.pek);
  return memory_.write(buffer.address, serialise(report)) ? FirmwareStatus::kSuccess
                                                          : FirmwareStatus::kInvalidAddress;
}

}  // namespace virtsev::sevcore
