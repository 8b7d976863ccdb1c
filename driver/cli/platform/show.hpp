// SPDX-License-Identifier: LGPL-2.1-or-later
// Certificates for people and for scripts.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "driver/cli/platform/certificate_files.hpp"

namespace virtsev::cli {

/// An array: kind, api, key (SHA-256 of its public point, or modulus), signers (as the certificate names
/// them: unverified).
nlohmann::ordered_json to_json(const CertificateSet& set);

void show(const CertificateSet& set);

}  // namespace virtsev::cli
