// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/crypto/openssl.hpp"

#include <openssl/err.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::sevcore::crypto {

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
