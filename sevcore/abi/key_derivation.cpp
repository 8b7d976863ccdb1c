// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/abi/key_derivation.hpp"

#include <algorithm>

#include "sevcore/crypto/crypto.hpp"

namespace virtsev::sevcore {

ByteArray<16> derive_key(ByteView key, std::string_view label, ByteView context) {
  ByteArray<16> derived{};
  // 16 bytes are less than one block of the HMAC: the counter only ever is 1.
  Bytes input;
  append_le<std::uint32_t>(input, 1);
  const ByteView name = bytes_of(label);
  input.insert(input.end(), name.begin(), name.end());
  input.push_back(0);
  input.insert(input.end(), context.begin(), context.end());
  append_le<std::uint32_t>(input, derived.size() * 8);
  auto block = crypto::hmac_sha256(key, input);
  std::copy_n(block.begin(), derived.size(), derived.begin());
  crypto::wipe(block);
  return derived;
}

}  // namespace virtsev::sevcore
