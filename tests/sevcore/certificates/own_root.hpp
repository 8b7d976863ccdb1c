// SPDX-License-Identifier: LGPL-2.1-or-later
// A root of somebody's own making: ASK and ARK with one fresh RSA key of 2048 bits, which nobody knows.
#pragma once

#include "sevcore/certificates/amd_certificate.hpp"

namespace virtsev::sevcore::test {

struct OwnRoot {
  Bytes private_key;  ///< PKCS#8 DER
  AmdCertificate ask;
  AmdCertificate ark;
};
OwnRoot make_own_root();

/// Replaces the CEK's signature by the root's.
void sign(SevCertificate& cek, const OwnRoot& root);

}  // namespace virtsev::sevcore::test
