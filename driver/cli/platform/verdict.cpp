// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/platform/verdict.hpp"

#include "sevcore/base/text.hpp"

namespace virtsev::cli {

const char* ChainVerdict::word() const {
  switch (kind) {
    case Kind::kSimulated:
      return "simulated";
    case Kind::kUnknownRoot:
      return "unknown-root";
    case Kind::kBroken:
      break;
  }
  return "broken";
}

ChainVerdict judge(const sevcore::PlatformCertificates& certificates) {
  const auto root = sevcore::verify_chain(certificates);
  if (!root) {
    std::string explanation = text("the chain does not hold: {}", sevcore::explain(root.error()));
    if (root.error() == sevcore::ChainLink::kCekByAsk && !certificates.ask) {
      explanation += text(
          " (firmware exports its CEK unsigned: AMD's key server has the signed one, which --cek takes "
          "together "
          "with ASK and ARK)");
    }
    return {ChainVerdict::Kind::kBroken, explanation};
  }
  if (*root == sevcore::ChainRoot::kSimulated) {
    return {
        ChainVerdict::Kind::kSimulated,
        text(
            "the platform is SIMULATED: its host can read everything in the guest, and anybody can make such "
            "certificates")};
  }
  return {ChainVerdict::Kind::kUnknownRoot, text("every signature holds, but the root (ARK) came with the "
                                                 "certificates, and virtsev does not have AMD's "
                                                 "own to compare it with yet")};
}

}  // namespace virtsev::cli
