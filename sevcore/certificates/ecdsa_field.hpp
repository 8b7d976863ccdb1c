// SPDX-License-Identifier: LGPL-2.1-or-later
// An ECDSA signature as certificates and reports store it: r[72], s[72], little-endian.
#pragma once

#include "sevcore/certificates/little_endian.hpp"
#include "sevcore/crypto/crypto.hpp"

namespace virtsev::sevcore {

inline constexpr std::size_t kEcdsaNumber = 72;

inline void put_ecdsa(MutableBytes field, const crypto::EcSignature& signature) {
  put_reversed(field.first(kEcdsaNumber), signature.r);
  put_reversed(field.subspan(kEcdsaNumber, kEcdsaNumber), signature.s);
}

/// False where a byte of the field is not zero that no P-384 signature uses.
inline bool get_ecdsa(ByteView field, crypto::EcSignature& signature) {
  return get_reversed(field.first(kEcdsaNumber), signature.r) &&
         get_reversed(field.subspan(kEcdsaNumber, kEcdsaNumber), signature.s) &&
         all_zero(field.subspan(2 * kEcdsaNumber));
}

}  // namespace virtsev::sevcore
