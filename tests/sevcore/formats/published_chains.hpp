// SPDX-License-Identifier: LGPL-2.1-or-later
// The certificates of two real platforms: PDH, PEK, OCA, CEK, ASK, ARK.
#pragma once

#include <string_view>

#include "sevcore/base/bytes.hpp"

namespace virtsev::sevcore::test {

extern const std::string_view kEpyc7001Chain;  ///< RSA 2048, SHA-256
extern const std::string_view kEpyc7002Chain;  ///< RSA 4096, SHA-384

/// The bytes that such a text stands for.
Bytes expand(std::string_view sparse_hex);

}  // namespace virtsev::sevcore::test
