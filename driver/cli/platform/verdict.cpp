// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/platform/verdict.hpp"

#include "driver/cli/platform/chip_id.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

using Kind = ChainVerdict::Kind;

ChainVerdict broken(sevcore::ChainLink link, const CertificateSet& set) {
  const std::string explanation = text("the chain does not hold: {}", sevcore::explain(link));
  if (link != sevcore::ChainLink::kCekUnsigned) {
    const bool no_known_ask = link == sevcore::ChainLink::kCekByAsk && !set.ask && !set.ark;
    return {Kind::kBroken,
            no_known_ask ? text("the chain does not hold: the CEK is signed by none of AMD's ASKs that "
                                "virtsev knows, nor by the simulated one")
                         : explanation,
            {},
            {}};
  }
  if (set.chip_id.empty()) {
    return {Kind::kUnsigned,
            text("{}. AMD's key server has the signed one under the chip's id: --chip-id makes this message "
                 "print the address (`virtsev platform export` keeps the id beside the certificates), and "
                 "--cek takes the file from there",
                 explanation),
            {},
            {}};
  }
  const std::string address = cek_address(set.chip_id);
  return {Kind::kUnsigned,
          text("{}. Fetch the one that AMD signed for this chip, {}, and give the file with --cek",
               explanation, address),
          {},
          address};
}

}  // namespace

ExitStatus ChainVerdict::status() const {
  return kind == Kind::kAmd         ? ExitStatus::kDone
         : kind == Kind::kSimulated ? ExitStatus::kSimulated
                                    : ExitStatus::kNo;
}

const char* ChainVerdict::word() const {
  switch (kind) {
    case Kind::kAmd:
      return "amd";
    case Kind::kSimulated:
      return "simulated";
    case Kind::kUnknownRoot:
      return "unknown-root";
    case Kind::kUnsigned:
      return "unsigned-cek";
    case Kind::kBroken:
      break;
  }
  return "broken";
}

ChainVerdict judge(const CertificateSet& set) {
  const auto end = sevcore::verify_chain(set.platform());
  if (!end) {
    return broken(end.error(), set);
  }
  switch (end->root) {
    case sevcore::ChainRoot::kAmd:
      return {Kind::kAmd,
              text("the chain holds up to AMD's root: the platform's keys are those of an AMD processor, {}",
                   end->product),
              std::string(end->product),
              {}};
    case sevcore::ChainRoot::kSimulated:
      return {Kind::kSimulated,
              text("the platform is SIMULATED: its host can read everything in the guest, and anybody can "
                   "make such certificates"),
              {},
              {}};
    case sevcore::ChainRoot::kUnknown:
      break;
  }
  return {Kind::kUnknownRoot,
          text("every signature holds, but the root (ARK) came with the certificates, and is none of AMD's "
               "that virtsev knows"),
          {},
          {}};
}

}  // namespace virtsev::cli
