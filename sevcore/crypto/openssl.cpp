// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/crypto/openssl.hpp"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/crypto/crypto.hpp"

namespace virtsev::sevcore::crypto {

void read_no_configuration() {
  require(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) == 1, "OPENSSL_init_crypto");
}

void require(bool success, const char* operation) {
  if (success) {
    return;
  }
  const char* reason = ERR_reason_error_string(ERR_get_error());
  forget_errors();
  throw Error(ErrorCode::kInternal,
              text("OpenSSL's {} failed: {}", operation, reason != nullptr ? reason : "no reason given"));
}

void forget_errors() { ERR_clear_error(); }

}  // namespace virtsev::sevcore::crypto
