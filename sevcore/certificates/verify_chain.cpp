// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a platform's certificates hold up to a root, link by link.
#include "sevcore/base/text.hpp"
#include "sevcore/certificates/platform_certificates.hpp"
#include "sevcore/certificates/simulated_root.hpp"

namespace virtsev::sevcore {

std::string explain(ChainLink broken) {
  switch (broken) {
    case ChainLink::kUsages:
      return text("a certificate of the chain is of another kind than its place asks for");
    case ChainLink::kArkByArk:
      return text("the ARK is not signed by itself");
    case ChainLink::kAskByArk:
      return text("the ASK is not signed by the ARK");
    case ChainLink::kCekByAsk:
      return text("the CEK is not signed by the ASK");
    case ChainLink::kOcaByOca:
      return text("the OCA is not signed by itself");
    case ChainLink::kPekByCek:
      return text("the PEK is not signed by the CEK");
    case ChainLink::kPekByOca:
      return text("the PEK is not signed by the OCA");
    case ChainLink::kPdhByPek:
      return text("the PDH is not signed by the PEK");
  }
  return {};
}

Result<ChainRoot, ChainLink> verify_chain(const PlatformCertificates& certificates) {
  const auto& [pdh, pek, oca, cek, own_ask, own_ark] = certificates;
  const AmdCertificate& ask = own_ask ? *own_ask : simulated_ask();
  const AmdCertificate& ark = own_ark ? *own_ark : simulated_ark();
  if (pdh.usage != KeyUsage::kPdh || pek.usage != KeyUsage::kPek || oca.usage != KeyUsage::kOca ||
      cek.usage != KeyUsage::kCek || ask.usage != KeyUsage::kAsk || ark.usage != KeyUsage::kArk) {
    return unexpected(ChainLink::kUsages);
  }
  if (!is_signed_by(ark, ark)) {
    return unexpected(ChainLink::kArkByArk);
  }
  if (!is_signed_by(ask, ark)) {
    return unexpected(ChainLink::kAskByArk);
  }
  if (!is_signed_by(cek, ask)) {
    return unexpected(ChainLink::kCekByAsk);
  }
  if (!is_signed_by(oca, oca)) {
    return unexpected(ChainLink::kOcaByOca);
  }
  if (!is_signed_by(pek, cek)) {
    return unexpected(ChainLink::kPekByCek);
  }
  if (!is_signed_by(pek, oca)) {
    return unexpected(ChainLink::kPekByOca);
  }
  if (!is_signed_by(pdh, pek)) {
    return unexpected(ChainLink::kPdhByPek);
  }
  return is_simulated(ark) || is_simulated(ask) ? ChainRoot::kSimulated : ChainRoot::kUnknown;
}

}  // namespace virtsev::sevcore
