// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/platform/show.hpp"

#include <algorithm>
#include <string>

#include <nlohmann/json.hpp>

#include "driver/cli/output.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/certificates/amd_roots.hpp"
#include "sevcore/certificates/simulated_root.hpp"

namespace virtsev::cli {
namespace {

using Json = nlohmann::ordered_json;

Json describe(const sevcore::SevCertificate& certificate) {
  Json signers = Json::array();
  for (const sevcore::CertificateSignature& signature : certificate.signatures) {
    if (signature.present()) {
      signers.push_back(sevcore::name_of(signature.usage));
    }
  }
  const bool simulated = certificate.usage == sevcore::KeyUsage::kCek && sevcore::is_simulated(certificate);
  return {{"kind", sevcore::name_of(certificate.usage)},
          {"api", text("{}.{}", certificate.api_major, certificate.api_minor)},
          {"key", to_hex(key_digest(certificate))},
          {"signers", signers},
          {"simulated", simulated}};
}

/// The ARK that an ASK or ARK names as its signer: of the files, or one that virtsev knows; else null.
const sevcore::AmdCertificate* signer_of(const sevcore::AmdCertificate& certificate,
                                         const CertificateSet& set) {
  const auto is_named = [&](const sevcore::AmdCertificate& ark) {
    return ark.key_id == certificate.certifying_id;
  };
  if (set.ark && is_named(*set.ark)) {
    return &*set.ark;
  }
  if (is_named(sevcore::simulated_ark())) {
    return &sevcore::simulated_ark();
  }
  const auto& roots = sevcore::amd_roots();
  const auto found = std::find_if(roots.begin(), roots.end(),
                                  [&](const sevcore::AmdRoot& root) { return is_named(root.ark); });
  return found == roots.end() ? nullptr : &found->ark;
}

Json describe(const sevcore::AmdCertificate& certificate, const CertificateSet& set) {
  const sevcore::AmdCertificate* signer = signer_of(certificate, set);
  const bool good = signer != nullptr && sevcore::is_signed_by(certificate, *signer);
  return {{"kind", sevcore::name_of(certificate.usage)},
          {"bits", certificate.modulus.size() * 8},
          {"key_id", to_hex(certificate.key_id)},
          {"key", to_hex(sevcore::crypto::sha256(certificate.modulus))},
          {"signers", good ? Json::array({"ARK"}) : Json::array()},
          {"signature", certificate.signature.empty() ? "none"
                        : signer == nullptr           ? "unknown-signer"
                        : good                        ? "good"
                                                      : "bad"},
          {"simulated", sevcore::is_simulated(certificate)}};
}

std::string signature_of(const Json& certificate) {
  if (certificate.contains("signature")) {
    const std::string word = certificate["signature"];
    return word == "good"   ? text("signed by: ARK")
           : word == "bad"  ? text("its signature does NOT hold")
           : word == "none" ? text("without a signature")
                            : text("signed by an ARK that is not among these files");
  }
  std::string signers;
  for (const auto& signer : certificate["signers"]) {
    signers += (signers.empty() ? "" : ", ") + signer.get<std::string>();
  }
  return text("says it is signed by: {}", signers.empty() ? text("nobody") : signers);
}

std::string line(const Json& certificate) {
  const std::string kind = certificate["kind"];
  const std::string key = certificate["key"];
  if (certificate.contains("api")) {
    return text("{}  API {}  key SHA-256 {}  {}", kind, certificate["api"].get<std::string>(), key,
                signature_of(certificate));
  }
  return text("{}  RSA {}, key id {}  key SHA-256 {}  {}", kind, certificate["bits"].get<unsigned>(),
              certificate["key_id"].get<std::string>(), key, signature_of(certificate));
}

}  // namespace

Json to_json(const CertificateSet& set) {
  Json list = Json::array();
  for (const auto* certificate : {&set.pdh, &set.pek, &set.oca, &set.cek}) {
    if (*certificate) {
      list.push_back(describe(**certificate));
    }
  }
  for (const auto* certificate : {&set.ask, &set.ark}) {
    if (*certificate) {
      list.push_back(describe(**certificate, set));
    }
  }
  return list;
}

void show(const CertificateSet& set) {
  const Json list = to_json(set);
  for (const auto& certificate : list) {
    print(line(certificate));
  }
  if (std::any_of(list.begin(), list.end(), [](const Json& one) { return one["simulated"].get<bool>(); })) {
    print(text("SIMULATED: whoever has these certificates' keys, no processor protects them"));
  }
}

}  // namespace virtsev::cli
