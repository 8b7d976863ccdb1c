// SPDX-License-Identifier: LGPL-2.1-or-later
// Certificates for people and for scripts.
#pragma once

#include "driver/cli/platform/certificate_files.hpp"

namespace virtsev::cli {

class Json;

/// An array. Each: kind, key (SHA-256 of its public point, or modulus), signers, simulated. PDH, PEK, OCA,
/// CEK: api; signers as the certificate names them, unverified. ASK, ARK: key_id, bits; signers as their
/// signature shows, and in "signature" whether it is good, bad, none, or by a signer that is not known.
Json to_json(const CertificateSet& set);

/// The same for people; says loudly where one is simulated.
void show(const CertificateSet& set);

}  // namespace virtsev::cli
