// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/attest/trust.hpp"

#include "driver/cli/platform/verdict.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

using Kind = ChainVerdict::Kind;

TrustRefusal simulated() {
  return {ExitStatus::kSimulated,
          text("this is a SIMULATED platform, whose host can read everything in the guest; "
               "--allow-simulated takes it for a trial")};
}

std::optional<TrustRefusal> refuse_other_pdh(const SessionRecord& record, const CertificateSet& host) {
  if (host.pdh && key_digest(*host.pdh) == record.pdh_key) {
    return std::nullopt;
  }
  return TrustRefusal{
      ExitStatus::kNo,
      text("the host's PDH (key SHA-256 {}) is not the one that the session was made for ({}): it is another "
           "platform, or has made new keys since; export its certificates again, and make a new session",
           host.pdh ? to_hex(key_digest(*host.pdh)) : "?", to_hex(record.pdh_key))};
}

}  // namespace

std::optional<TrustRefusal> refuse_session(const SessionRecord& record, Allowed allowed) {
  if (record.simulated() && !allowed.simulated) {
    return simulated();
  }
  if (record.unverified() && !allowed.unverified) {
    return TrustRefusal{
        ExitStatus::kNo,
        text("the session was made with --unverified, so nothing shows whose platform has its "
             "keys; --allow-unverified takes the risk")};
  }
  return std::nullopt;
}

std::optional<TrustRefusal> refuse_host(const std::optional<SessionRecord>& record,
                                        const CertificateSet& host, Allowed allowed) {
  if (record) {
    if (auto refusal = refuse_other_pdh(*record, host)) {
      return refusal;
    }
  }
  const ChainVerdict verdict =
      host.complete()
          ? judge(host)
          : ChainVerdict{
                Kind::kBroken, text("the host's certificates are not all there: {}", host.missing()), {}, {}};
  if (verdict.kind == Kind::kSimulated && !allowed.simulated) {
    return simulated();
  }
  if (record || verdict.kind == Kind::kAmd || verdict.kind == Kind::kSimulated || allowed.unverified) {
    return std::nullopt;
  }
  return TrustRefusal{
      ExitStatus::kNo,
      text("there is no session.json beside the TIK to say what the session was made for, and {}; "
           "--allow-unverified takes the risk",
           verdict.explanation)};
}

}  // namespace virtsev::cli
