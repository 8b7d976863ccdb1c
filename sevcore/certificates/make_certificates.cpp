// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/certificates/make_certificates.hpp"

#include "sevcore/certificates/amd_certificate.hpp"
#include "sevcore/certificates/simulated_root.hpp"

namespace virtsev::sevcore {
namespace {

SevCertificate unsigned_certificate(KeyUsage usage, const crypto::EcPoint& key, ApiVersion api) {
  SevCertificate certificate;
  certificate.api_major = api.major;
  certificate.api_minor = api.minor;
  certificate.usage = usage;
  certificate.algorithm = usage == KeyUsage::kPdh ? KeyAlgorithm::kEcdhSha256 : KeyAlgorithm::kEcdsaSha256;
  certificate.key = key;
  return certificate;
}

}  // namespace

SevCertificate make_cek(const crypto::EcPoint& key, ApiVersion api) {
  SevCertificate cek = unsigned_certificate(KeyUsage::kCek, key, api);
  sign_as_ask(cek, 0, simulated_ask_private_key());
  return cek;
}

SevCertificate make_oca(const crypto::EcKey& oca) {
  SevCertificate certificate = unsigned_certificate(KeyUsage::kOca, oca.public_point(), {});
  sign(certificate, 0, KeyUsage::kOca, oca);
  return certificate;
}

SevCertificate make_pek_request(const crypto::EcPoint& key, ApiVersion api) {
  return unsigned_certificate(KeyUsage::kPek, key, api);
}

SevCertificate make_pek(const crypto::EcPoint& key, ApiVersion api, const crypto::EcKey& oca,
                        const crypto::EcKey& cek) {
  SevCertificate pek = make_pek_request(key, api);
  sign(pek, 0, KeyUsage::kOca, oca);
  sign(pek, 1, KeyUsage::kCek, cek);
  return pek;
}

SevCertificate make_pdh(const crypto::EcPoint& key, ApiVersion api, const crypto::EcKey& pek) {
  SevCertificate pdh = unsigned_certificate(KeyUsage::kPdh, key, api);
  sign(pdh, 0, KeyUsage::kPek, pek);
  return pdh;
}

SevCertificate make_godh(const crypto::EcPoint& key, ApiVersion api) {
  return unsigned_certificate(KeyUsage::kPdh, key, api);
}

}  // namespace virtsev::sevcore
