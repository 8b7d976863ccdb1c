// SPDX-License-Identifier: LGPL-2.1-or-later
// Random bytes from the kernel, and the handling of secrets in memory.
#include <cerrno>

#include <openssl/crypto.h>
#include <sys/random.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"
#include "sevcore/crypto/crypto.hpp"

namespace virtsev::sevcore::crypto {

void fill_random(MutableBytes out) {
  while (!out.empty()) {
    const ssize_t got = uninterrupted([&] { return ::getrandom(out.data(), out.size(), 0); });
    if (got <= 0) {
      throw Error(ErrorCode::kSystemError,
                  text("the kernel gives no random bytes: {}", std::strerror(errno)));
    }
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

bool equal_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(MutableBytes secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

}  // namespace virtsev::sevcore::crypto
