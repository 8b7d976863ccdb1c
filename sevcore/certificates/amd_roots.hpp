// SPDX-License-Identifier: LGPL-2.1-or-later
// AMD's roots of trust, one for each generation of EPYC: what makes a chain of certificates that of a real
// platform.
#pragma once

#include <string_view>
#include <vector>

#include "sevcore/certificates/amd_certificate.hpp"

namespace virtsev::sevcore {

/// The signatures of newer products are empty: their keys come from AMD's X.509 certificates, which sign
/// other bytes. An ASK's key id may be zeros for the same reason.
struct AmdRoot {
  std::string_view product;  ///< "EPYC 7003 (Milan)"
  AmdCertificate ask;
  AmdCertificate ark;
};

const std::vector<AmdRoot>& amd_roots();

/// Whether both hold the same RSA key; two certificates of one key may differ in all else.
bool same_key(const AmdCertificate& one, const AmdCertificate& other);

}  // namespace virtsev::sevcore
