// SPDX-License-Identifier: LGPL-2.1-or-later
// How certificates, and what is wrong with them, are called.
#include "sevcore/base/text.hpp"
#include "sevcore/certificates/sev_certificate.hpp"

namespace virtsev::sevcore {

std::string_view name_of(KeyUsage usage) {
  switch (usage) {
    case KeyUsage::kArk:
      return "ARK";
    case KeyUsage::kAsk:
      return "ASK";
    case KeyUsage::kNone:
      return "none";
    case KeyUsage::kOca:
      return "OCA";
    case KeyUsage::kPek:
      return "PEK";
    case KeyUsage::kPdh:
      return "PDH";
    case KeyUsage::kCek:
      return "CEK";
  }
  return "?";
}

std::string explain(CertificateFault fault) {
  switch (fault) {
    case CertificateFault::kLength:
      return text("has the wrong length");
    case CertificateFault::kVersion:
      return text("is not of version 1");
    case CertificateFault::kReserved:
      return text("has bytes that must be zero and are not");
    case CertificateFault::kUsage:
      return text("is for a key usage that does not belong there");
    case CertificateFault::kAlgorithm:
      return text("names an algorithm that does not go with its key usage");
    case CertificateFault::kKey:
      return text("holds no key of a kind that SEV platforms use");
    case CertificateFault::kSignature:
      return text("holds a malformed signature");
  }
  return {};
}

}  // namespace virtsev::sevcore
