// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/certificates/simulated_root.hpp"

#include "sevcore/base/hex.hpp"
#include "sevcore/certificates/simulated_root_data.hpp"

namespace virtsev::sevcore {

const AmdCertificate& simulated_ark() {
  static const AmdCertificate ark = built_in_certificate(kSimulatedArkHex);
  return ark;
}

const AmdCertificate& simulated_ask() {
  static const AmdCertificate ask = built_in_certificate(kSimulatedAskHex);
  return ask;
}

ByteView simulated_ark_private_key() {
  static const Bytes key = from_hex(kSimulatedArkKeyHex).value();
  return key;
}

ByteView simulated_ask_private_key() {
  static const Bytes key = from_hex(kSimulatedAskKeyHex).value();
  return key;
}

bool is_simulated(const SevCertificate& cek) { return is_signed_by(cek, simulated_ask()); }

bool is_simulated(const AmdCertificate& certificate) {
  for (const AmdCertificate* root : {&simulated_ark(), &simulated_ask()}) {
    if (certificate.modulus == root->modulus || certificate.key_id == root->key_id) {
      return true;
    }
  }
  return false;
}

}  // namespace virtsev::sevcore
