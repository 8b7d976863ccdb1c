// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes the certificates of a simulated platform and of a guest owner, signed in the places where real
// platforms have them.
#pragma once

#include "sevcore/certificates/sev_certificate.hpp"

namespace virtsev::sevcore {

/// The firmware API that a certificate names.
struct ApiVersion {
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
};

/// Signed by the simulated ASK.
SevCertificate make_cek(const crypto::EcPoint& key, ApiVersion api);
/// Signed by itself; its API version is 0.0.
SevCertificate make_oca(const crypto::EcKey& oca);
/// The PEK without a signature, as PEK_CSR gives it.
SevCertificate make_pek_request(const crypto::EcPoint& key, ApiVersion api);
/// Signed by the OCA and the CEK.
SevCertificate make_pek(const crypto::EcPoint& key, ApiVersion api, const crypto::EcKey& oca,
                        const crypto::EcKey& cek);
/// Signed by the PEK.
SevCertificate make_pdh(const crypto::EcPoint& key, ApiVersion api, const crypto::EcKey& pek);
/// A guest owner's Diffie-Hellman certificate, unsigned: no firmware checks a signature on it.
SevCertificate make_godh(const crypto::EcPoint& key, ApiVersion api);

}  // namespace virtsev::sevcore
