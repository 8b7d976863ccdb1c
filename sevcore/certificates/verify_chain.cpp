// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a platform's certificates hold up to a root, link by link.
#include <algorithm>

#include "sevcore/base/text.hpp"
#include "sevcore/certificates/amd_roots.hpp"
#include "sevcore/certificates/platform_certificates.hpp"
#include "sevcore/certificates/simulated_root.hpp"

namespace virtsev::sevcore {
namespace {

/// An ASK and its ARK, by which the chain is judged.
struct Anchor {
  ChainEnd end;
  AmdCertificate ask;
  AmdCertificate ark;
};

const std::vector<Anchor>& known_anchors() {
  static const std::vector<Anchor> anchors = [] {
    std::vector<Anchor> all;
    for (const AmdRoot& root : amd_roots()) {
      all.push_back({{ChainRoot::kAmd, root.product}, root.ask, root.ark});
    }
    all.push_back({{ChainRoot::kSimulated, {}}, simulated_ask(), simulated_ark()});
    return all;
  }();
  return anchors;
}

template <typename Fits>
const Anchor* known_anchor(Fits fits) {
  const auto& all = known_anchors();
  const auto found = std::find_if(all.begin(), all.end(), fits);
  return found == all.end() ? nullptr : &*found;
}

/// An ARK that came with the chain. AMD's first one is distributed without a signature; it then has to be
/// AMD's in every other byte.
bool holds(const AmdCertificate& ark) {
  if (!ark.signature.empty()) {
    return is_signed_by(ark, ark);
  }
  return known_anchor([&](const Anchor& anchor) { return signed_bytes(anchor.ark) == signed_bytes(ark); }) !=
         nullptr;
}

/// The end that an ARK stands for, which has been found to hold.
ChainEnd end_at(const AmdCertificate& ark) {
  if (is_simulated(ark)) {
    return {ChainRoot::kSimulated, {}};
  }
  const Anchor* known = known_anchor([&](const Anchor& anchor) { return same_key(anchor.ark, ark); });
  return known != nullptr ? known->end : ChainEnd{};
}

Result<Anchor, ChainLink> anchor_by_own_ask(const AmdCertificate& ask,
                                            const std::optional<AmdCertificate>& own_ark) {
  const Anchor* known =
      own_ark ? nullptr
              : known_anchor([&](const Anchor& anchor) { return anchor.ark.key_id == ask.certifying_id; });
  if (!own_ark && known == nullptr) {
    return unexpected(ChainLink::kAskByArk);
  }
  const AmdCertificate& ark = own_ark ? *own_ark : known->ark;
  if (!is_signed_by(ask, ark)) {
    return unexpected(ChainLink::kAskByArk);
  }
  // A simulated ASK under whatever ARK: everybody has its key.
  return Anchor{is_simulated(ask) ? ChainEnd{ChainRoot::kSimulated, {}} : end_at(ark), ask, ark};
}

Result<Anchor, ChainLink> anchor_of(const PlatformCertificates& certificates) {
  const auto& [pdh, pek, oca, cek, own_ask, own_ark] = certificates;
  if (own_ark && !holds(*own_ark)) {
    return unexpected(ChainLink::kArkByArk);
  }
  if (own_ask) {
    return anchor_by_own_ask(*own_ask, own_ark);
  }
  const Anchor* known = known_anchor([&, &ark = own_ark, &signed_cek = cek](const Anchor& anchor) {
    return ark ? same_key(anchor.ark, *ark) : is_signed_by(signed_cek, anchor.ask);
  });
  if (known == nullptr) {
    return unexpected(own_ark ? ChainLink::kAskMissing : ChainLink::kCekByAsk);
  }
  return *known;
}

bool is_unsigned(const SevCertificate& certificate) {
  return std::none_of(certificate.signatures.begin(), certificate.signatures.end(),
                      [](const CertificateSignature& signature) { return signature.present(); });
}

}  // namespace

std::string explain(ChainLink broken) {
  switch (broken) {
    case ChainLink::kUsages:
      return text("a certificate of the chain is of another kind than its place asks for");
    case ChainLink::kArkByArk:
      return text("the ARK is not signed by itself");
    case ChainLink::kAskMissing:
      return text("the ARK came without its ASK, and it is none of AMD's that virtsev knows");
    case ChainLink::kAskByArk:
      return text("the ASK is not signed by the ARK");
    case ChainLink::kCekUnsigned:
      return text("the CEK is unsigned, as firmware exports it");
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

Result<ChainEnd, ChainLink> verify_chain(const PlatformCertificates& certificates) {
  const auto& [pdh, pek, oca, cek, own_ask, own_ark] = certificates;
  if (pdh.usage != KeyUsage::kPdh || pek.usage != KeyUsage::kPek || oca.usage != KeyUsage::kOca ||
      cek.usage != KeyUsage::kCek || (own_ask && own_ask->usage != KeyUsage::kAsk) ||
      (own_ark && own_ark->usage != KeyUsage::kArk)) {
    return unexpected(ChainLink::kUsages);
  }
  const auto anchor = anchor_of(certificates);
  if (!anchor && anchor.error() != ChainLink::kCekByAsk) {
    return unexpected(anchor.error());
  }
  if (is_unsigned(cek)) {
    return unexpected(ChainLink::kCekUnsigned);
  }
  if (!anchor || !is_signed_by(cek, anchor->ask)) {
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
  return anchor->end;
}

}  // namespace virtsev::sevcore
