// SPDX-License-Identifier: LGPL-2.1-or-later
// A simulated platform in one value: its keys, and the certificates that it exports.
#pragma once

#include "sevcore/certificates/make_certificates.hpp"
#include "sevcore/certificates/platform_certificates.hpp"

namespace virtsev::cli::test {

struct SimulatedPlatform {
  sevcore::crypto::EcKey pdh_key = sevcore::crypto::EcKey::generate();
  sevcore::crypto::EcKey pek_key = sevcore::crypto::EcKey::generate();
  sevcore::crypto::EcKey oca_key = sevcore::crypto::EcKey::generate();
  sevcore::crypto::EcKey cek_key = sevcore::crypto::EcKey::generate();
  sevcore::PlatformCertificates certificates = {
      sevcore::make_pdh(pdh_key.public_point(), {1, 55}, pek_key),
      sevcore::make_pek(pek_key.public_point(), {1, 55}, oca_key, cek_key),
      sevcore::make_oca(oca_key),
      sevcore::make_cek(cek_key.public_point(), {1, 55}),
      {},
      {}};

  [[nodiscard]] Bytes pdh() const {
    const auto bytes = sevcore::serialise(certificates.pdh);
    return {bytes.begin(), bytes.end()};
  }
  /// PDH, PEK, OCA, CEK.
  [[nodiscard]] Bytes exported() const {
    Bytes file = pdh();
    const Bytes chain = sevcore::serialise_chain(certificates);
    file.insert(file.end(), chain.begin(), chain.end());
    return file;
  }
};

}  // namespace virtsev::cli::test
