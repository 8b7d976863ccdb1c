// SPDX-License-Identifier: LGPL-2.1-or-later
// RSA-PSS, as AMD's certificates use it: MGF1 with the same hash, salt as long as the hash.
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "sevcore/crypto/openssl.hpp"

namespace virtsev::sevcore::crypto {
namespace {

const EVP_MD* hash(bool sha384) { return sha384 ? EVP_sha384() : EVP_sha256(); }

bool set_pss(EVP_PKEY_CTX* context) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/// Null where OpenSSL refuses the numbers.
Pkey public_key(ByteView modulus, ByteView exponent) {
  const BigNumber n(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr));
  const BigNumber e(BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr));
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  require(n && e && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
              OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1,
          "RSA parameters");
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  require(params && EVP_PKEY_fromdata_init(context.get()) == 1, "RSA parameters");
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    forget_errors();
    return nullptr;
  }
  return Pkey(key);
}

}  // namespace

bool verify_rsa_pss(ByteView modulus, ByteView exponent, bool sha384, ByteView data, ByteView signature) {
  const Pkey key = public_key(modulus, exponent);
  if (!key) {
    return false;
  }
  const MdContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  const bool good =
      EVP_DigestVerifyInit(context.get(), &parameters, hash(sha384), nullptr, key.get()) == 1 &&
      set_pss(parameters) &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), data.data(), data.size()) == 1;
  forget_errors();
  return good;
}

Bytes sign_rsa_pss(ByteView private_key_der, bool sha384, ByteView data) {
  const std::uint8_t* start = private_key_der.data();
  const Pkcs8 info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &start, static_cast<long>(private_key_der.size())));
  const Pkey key(info ? EVP_PKCS82PKEY(info.get()) : nullptr);
  if (!key || EVP_PKEY_is_a(key.get(), "RSA") != 1) {
    forget_errors();
    throw Error(ErrorCode::kInvalidArgument, text("this is not a private RSA key in PKCS#8 DER"));
  }
  const MdContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  require(EVP_DigestSignInit(context.get(), &parameters, hash(sha384), nullptr, key.get()) == 1 &&
              set_pss(parameters),
          "RSA-PSS");
  std::size_t length = 0;
  require(EVP_DigestSign(context.get(), nullptr, &length, data.data(), data.size()) == 1, "RSA-PSS");
  Bytes signature(length);
  require(EVP_DigestSign(context.get(), signature.data(), &length, data.data(), data.size()) == 1, "RSA-PSS");
  signature.resize(length);
  return signature;
}

}  // namespace virtsev::sevcore::crypto
