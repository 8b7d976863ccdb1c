// SPDX-License-Identifier: LGPL-2.1-or-later
// AES-128 in counter mode.
#include <algorithm>

#include "sevcore/crypto/crypto.hpp"
#include "sevcore/crypto/openssl.hpp"

namespace virtsev::sevcore::crypto {

Bytes aes128_ctr(const ByteArray<16>& key, const ByteArray<16>& iv, ByteView data) {
  constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;  // OpenSSL takes the length as an int
  const CipherContext context(EVP_CIPHER_CTX_new());
  require(EVP_EncryptInit_ex2(context.get(), EVP_aes_128_ctr(), key.data(), iv.data(), nullptr) == 1,
          "AES-128-CTR");
  Bytes result(data.size());
  for (std::size_t done = 0; done < data.size();) {
    const auto length = static_cast<int>(std::min(data.size() - done, kMostAtOnce));
    int written = 0;
    require(EVP_EncryptUpdate(context.get(), result.data() + done, &written, data.data() + done, length) == 1,
            "AES-128-CTR");
    done += static_cast<std::size_t>(length);
  }
  return result;
}

}  // namespace virtsev::sevcore::crypto
