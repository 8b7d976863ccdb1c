// SPDX-License-Identifier: LGPL-2.1-or-later
// The root of every simulated platform: an ARK and an ASK whose private keys are published with virtsev, on
// purpose. So every tool knows a simulated platform when it sees one, and nobody can take such a chain for
// AMD's.
#pragma once

#include "sevcore/certificates/amd_certificate.hpp"

namespace virtsev::sevcore {

/// Key id "SIMULATED-ARK-01".
const AmdCertificate& simulated_ark();
/// Key id "SIMULATED-ASK-01".
const AmdCertificate& simulated_ask();

/// The ASK's private key, PKCS#8 DER.
ByteView simulated_ask_private_key();
/// The ARK's private key, PKCS#8 DER.
ByteView simulated_ark_private_key();

/// True for a CEK that the simulated ASK signed.
bool is_simulated(const SevCertificate& cek);
/// True for an ARK or ASK with a key or a key id of the simulated ones, whoever signed it.
bool is_simulated(const AmdCertificate& certificate);

}  // namespace virtsev::sevcore
