// SPDX-License-Identifier: LGPL-2.1-or-later
// The two keys that a guest owner and a platform share for one guest.
#pragma once

#include "sevcore/base/bytes.hpp"
#include "sevcore/crypto/crypto.hpp"

namespace virtsev::sevcore {

/// Overwritten when it goes.
struct TransportKeys {
  ByteArray<16> tek{};  ///< Encryption: secrets, memory in migration
  ByteArray<16> tik{};  ///< Integrity: measurement, secrets

  TransportKeys() = default;
  TransportKeys(const ByteArray<16>& encryption, const ByteArray<16>& integrity)
      : tek(encryption), tik(integrity) {}
  TransportKeys(const TransportKeys&) = default;
  TransportKeys& operator=(const TransportKeys&) = default;
  ~TransportKeys() {
    crypto::wipe(tek);
    crypto::wipe(tik);
  }
  friend bool operator==(const TransportKeys&, const TransportKeys&) = default;

  static TransportKeys generate() {
    TransportKeys keys;
    crypto::fill_random(keys.tek);
    crypto::fill_random(keys.tik);
    return keys;
  }
};

}  // namespace virtsev::sevcore
