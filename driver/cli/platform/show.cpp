// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/platform/show.hpp"

#include <string>

#include <nlohmann/json.hpp>

#include "driver/cli/output.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/certificates/simulated_root.hpp"

namespace virtsev::cli {
namespace {

nlohmann::ordered_json describe(const sevcore::SevCertificate& certificate) {
  Bytes point(certificate.key.x.begin(), certificate.key.x.end());
  point.insert(point.end(), certificate.key.y.begin(), certificate.key.y.end());
  nlohmann::ordered_json signers = nlohmann::ordered_json::array();
  for (const sevcore::CertificateSignature& signature : certificate.signatures) {
    if (signature.present()) {
      signers.push_back(sevcore::name_of(signature.usage));
    }
  }
  return {{"kind", sevcore::name_of(certificate.usage)},
          {"api", text("{}.{}", certificate.api_major, certificate.api_minor)},
          {"key", to_hex(sevcore::crypto::sha256(point))},
          {"signers", signers}};
}

nlohmann::ordered_json describe(const sevcore::AmdCertificate& certificate) {
  return {{"kind", sevcore::name_of(certificate.usage)},
          {"bits", certificate.modulus.size() * 8},
          {"key", to_hex(sevcore::crypto::sha256(certificate.modulus))},
          {"signers", nlohmann::ordered_json::array({"ARK"})},
          {"simulated", sevcore::is_simulated(certificate)}};
}

}  // namespace

nlohmann::ordered_json to_json(const CertificateSet& set) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto* certificate : {&set.pdh, &set.pek, &set.oca, &set.cek}) {
    if (*certificate) {
      list.push_back(describe(**certificate));
    }
  }
  for (const auto* certificate : {&set.ask, &set.ark}) {
    if (*certificate) {
      list.push_back(describe(**certificate));
    }
  }
  return list;
}

void show(const CertificateSet& set) {
  for (const auto& certificate : to_json(set)) {
    std::string signers;
    for (const auto& signer : certificate["signers"]) {
      signers += (signers.empty() ? "" : ", ") + signer.get<std::string>();
    }
    print(text("{}  key SHA-256 {}  says it is signed by: {}", certificate["kind"].get<std::string>(),
               certificate["key"].get<std::string>(), signers.empty() ? text("nobody") : signers));
  }
}

}  // namespace virtsev::cli
