// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/platform/show.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "driver/cli/io/json.hpp"
#include "driver/cli/io/output.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/certificates/amd_roots.hpp"
#include "sevcore/certificates/simulated_root.hpp"

namespace virtsev::cli {
namespace {

/// What is said of a certificate.
struct Description {
  std::string kind;
  std::string api;       ///< PDH, PEK, OCA, CEK
  std::size_t bits = 0;  ///< ASK, ARK, and so the next two
  std::string key_id;
  std::string signature;
  std::string key;
  std::vector<std::string> signers;
  bool simulated = false;
};

Description describe(const sevcore::SevCertificate& certificate) {
  Description description;
  description.kind = sevcore::name_of(certificate.usage);
  description.api = text("{}.{}", certificate.api_major, certificate.api_minor);
  description.key = to_hex(key_digest(certificate));
  for (const sevcore::CertificateSignature& signature : certificate.signatures) {
    if (signature.present()) {
      description.signers.emplace_back(sevcore::name_of(signature.usage));
    }
  }
  description.simulated = certificate.usage == sevcore::KeyUsage::kCek && sevcore::is_simulated(certificate);
  return description;
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

Description describe(const sevcore::AmdCertificate& certificate, const CertificateSet& set) {
  const sevcore::AmdCertificate* signer = signer_of(certificate, set);
  const bool good = signer != nullptr && sevcore::is_signed_by(certificate, *signer);
  Description description;
  description.kind = sevcore::name_of(certificate.usage);
  description.bits = certificate.modulus.size() * 8;
  description.key_id = to_hex(certificate.key_id);
  description.signature = certificate.signature.empty() ? "none"
                          : signer == nullptr           ? "unknown-signer"
                          : good                        ? "good"
                                                        : "bad";
  description.key = to_hex(sevcore::crypto::sha256(certificate.modulus));
  if (good) {
    description.signers = {"ARK"};
  }
  description.simulated = sevcore::is_simulated(certificate);
  return description;
}

std::vector<Description> describe(const CertificateSet& set) {
  std::vector<Description> descriptions;
  for (const auto* certificate : {&set.pdh, &set.pek, &set.oca, &set.cek}) {
    if (*certificate) {
      descriptions.push_back(describe(**certificate));
    }
  }
  for (const auto* certificate : {&set.ask, &set.ark}) {
    if (*certificate) {
      descriptions.push_back(describe(**certificate, set));
    }
  }
  return descriptions;
}

Json to_json(const Description& certificate) {
  if (!certificate.api.empty()) {
    return {{"kind", certificate.kind},
            {"api", certificate.api},
            {"key", certificate.key},
            {"signers", certificate.signers},
            {"simulated", certificate.simulated}};
  }
  return {{"kind", certificate.kind},          {"bits", certificate.bits},
          {"key_id", certificate.key_id},      {"key", certificate.key},
          {"signers", certificate.signers},    {"signature", certificate.signature},
          {"simulated", certificate.simulated}};
}

std::string signature_of(const Description& certificate) {
  if (const std::string& word = certificate.signature; !word.empty()) {
    return word == "good"   ? text("signed by: ARK")
           : word == "bad"  ? text("its signature does NOT hold")
           : word == "none" ? text("without a signature")
                            : text("signed by an ARK that is not among these files");
  }
  std::string signers;
  for (const std::string& signer : certificate.signers) {
    signers += (signers.empty() ? "" : ", ") + signer;
  }
  return text("says it is signed by: {}", signers.empty() ? text("nobody") : signers);
}

std::string line(const Description& certificate) {
  if (!certificate.api.empty()) {
    return text("{}  API {}  key SHA-256 {}  {}", certificate.kind, certificate.api, certificate.key,
                signature_of(certificate));
  }
  return text("{}  RSA {}, key id {}  key SHA-256 {}  {}", certificate.kind, certificate.bits,
              certificate.key_id, certificate.key, signature_of(certificate));
}

}  // namespace

Json to_json(const CertificateSet& set) {
  Json list = Json::array();
  for (const Description& certificate : describe(set)) {
    list.push_back(to_json(certificate));
  }
  return list;
}

void show(const CertificateSet& set) {
  const std::vector<Description> list = describe(set);
  for (const Description& certificate : list) {
    print(line(certificate));
  }
  if (std::any_of(list.begin(), list.end(), [](const Description& one) { return one.simulated; })) {
    print(text("SIMULATED: whoever has these certificates' keys, no processor protects them"));
  }
}

}  // namespace virtsev::cli
