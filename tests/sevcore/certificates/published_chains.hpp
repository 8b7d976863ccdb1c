// SPDX-License-Identifier: LGPL-2.1-or-later
// The certificates of two real platforms.
#pragma once

#include <string_view>

#include "sevcore/base/bytes.hpp"

namespace virtsev::sevcore::test {

/// PDH, PEK, OCA, CEK, as expand() takes them.
extern const std::string_view kEpyc7001Chain;
extern const std::string_view kEpyc7002Chain;

/// The bytes that such a text stands for.
Bytes expand(std::string_view sparse_hex);

/// PDH, PEK, OCA, CEK, and AMD's ASK and ARK.
Bytes epyc_7001_chain();  ///< RSA 2048, SHA-256
Bytes epyc_7002_chain();  ///< RSA 4096, SHA-384

}  // namespace virtsev::sevcore::test
