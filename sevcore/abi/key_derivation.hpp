// SPDX-License-Identifier: LGPL-2.1-or-later
// The key derivation of SEV sessions: NIST SP 800-108, counter mode, HMAC-SHA-256, all integers 32 bits
// little-endian (SEV API, section 2.2.2).
#pragma once

#include <string_view>

#include "sevcore/base/bytes.hpp"

namespace virtsev::sevcore {

/// `label` goes in without a terminator, followed by the separator byte.
ByteArray<16> derive_key(ByteView key, std::string_view label, ByteView context);

}  // namespace virtsev::sevcore
