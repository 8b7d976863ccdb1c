// SPDX-License-Identifier: LGPL-2.1-or-later
// The bytes of the simulated root, as hexadecimal digits: certificates as AMD's files hold them, private keys
// as PKCS#8 DER.
#pragma once

#include <string_view>

namespace virtsev::sevcore {

extern const std::string_view kSimulatedArkHex;
extern const std::string_view kSimulatedAskHex;
extern const std::string_view kSimulatedArkKeyHex;
extern const std::string_view kSimulatedAskKeyHex;

}  // namespace virtsev::sevcore
