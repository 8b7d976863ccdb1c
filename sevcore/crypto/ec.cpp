// SPDX-License-Identifier: LGPL-2.1-or-later
// P-384: key pairs, ECDSA with SHA-256, ECDH.
#include <algorithm>

#include <openssl/core_names.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "sevcore/crypto/openssl.hpp"

namespace virtsev::sevcore::crypto {
namespace {

constexpr const char* kCurve = "P-384";
constexpr std::size_t kCoordinate = 48;

/// Null where the point is not on the curve.
Pkey public_key(const EcPoint& point) {
  ByteArray<1 + 2 * kCoordinate> encoded{0x04};  // uncompressed (SEC 1, section 2.3.3)
  std::copy(point.x.begin(), point.x.end(), encoded.begin() + 1);
  std::copy(point.y.begin(), point.y.end(), encoded.begin() + 1 + kCoordinate);
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  require(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, kCurve, 0) == 1 &&
              OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, encoded.data(),
                                               encoded.size()) == 1,
          "EC parameters");
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  require(params && EVP_PKEY_fromdata_init(context.get()) == 1, "EC parameters");
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    forget_errors();
    return nullptr;
  }
  Pkey result(key);
  // The curve has cofactor 1: a point on it needs no check of its order.
  const PkeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (EVP_PKEY_public_check_quick(check.get()) != 1) {
    forget_errors();
    return nullptr;
  }
  return result;
}

ByteArray<kCoordinate> padded(const BIGNUM* number) {
  ByteArray<kCoordinate> result{};
  require(BN_bn2binpad(number, result.data(), kCoordinate) == kCoordinate, "integer conversion");
  return result;
}

ByteArray<kCoordinate> coordinate(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  require(EVP_PKEY_get_bn_param(key, name, &number) == 1, "EC coordinate");
  return padded(BigNumber(number).get());
}

/// The signature in DER, as OpenSSL takes it.
Bytes to_der_signature(const EcSignature& signature) {
  const EcdsaSignature object(ECDSA_SIG_new());
  BigNumber r(BN_bin2bn(signature.r.data(), kCoordinate, nullptr));
  BigNumber s(BN_bin2bn(signature.s.data(), kCoordinate, nullptr));
  require(ECDSA_SIG_set0(object.get(), r.get(), s.get()) == 1, "ECDSA signature");
  (void)r.release();
  (void)s.release();
  std::uint8_t* der = nullptr;
  const int length = i2d_ECDSA_SIG(object.get(), &der);
  require(length > 0, "ECDSA signature");
  Bytes result(der, der + length);
  OPENSSL_free(der);
  return result;
}

}  // namespace

struct EcKey::State {
  Pkey key;
};

EcKey::EcKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
EcKey::EcKey(EcKey&&) noexcept = default;
EcKey& EcKey::operator=(EcKey&&) noexcept = default;
EcKey::~EcKey() = default;

EcKey EcKey::generate() {
  Pkey key(EVP_EC_gen(kCurve));
  require(key != nullptr, "EC key generation");
  return EcKey(std::make_unique<State>(State{std::move(key)}));
}

EcKey EcKey::from_der(ByteView der) {
  const std::uint8_t* start = der.data();
  const Pkcs8 info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &start, static_cast<long>(der.size())));
  Pkey key(info ? EVP_PKCS82PKEY(info.get()) : nullptr);
  std::array<char, 32> group{};
  if (!key || start != der.data() + der.size() || EVP_PKEY_is_a(key.get(), "EC") != 1 ||
      EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), nullptr) != 1 ||
      std::string_view(group.data()) != SN_secp384r1) {
    forget_errors();
    throw Error(ErrorCode::kInvalidArgument, text("this is not a private key of curve P-384 in PKCS#8 DER"));
  }
  return EcKey(std::make_unique<State>(State{std::move(key)}));
}

Bytes EcKey::to_der() const {
  const Pkcs8 info(EVP_PKEY2PKCS8(state_->key.get()));
  std::uint8_t* der = nullptr;
  const int length = i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der);
  require(length > 0, "PKCS#8 encoding");
  Bytes result(der, der + length);
  OPENSSL_clear_free(der, static_cast<std::size_t>(length));
  return result;
}

EcPoint EcKey::public_point() const {
  return {coordinate(state_->key.get(), OSSL_PKEY_PARAM_EC_PUB_X),
          coordinate(state_->key.get(), OSSL_PKEY_PARAM_EC_PUB_Y)};
}

EcSignature EcKey::sign_sha256(ByteView data) const {
  const MdContext context(EVP_MD_CTX_new());
  require(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, state_->key.get()) == 1, "ECDSA");
  std::size_t length = 0;
  require(EVP_DigestSign(context.get(), nullptr, &length, data.data(), data.size()) == 1, "ECDSA");
  Bytes der(length);
  require(EVP_DigestSign(context.get(), der.data(), &length, data.data(), data.size()) == 1, "ECDSA");
  const std::uint8_t* start = der.data();
  const EcdsaSignature object(d2i_ECDSA_SIG(nullptr, &start, static_cast<long>(length)));
  require(object != nullptr, "ECDSA");
  return {padded(ECDSA_SIG_get0_r(object.get())), padded(ECDSA_SIG_get0_s(object.get()))};
}

bool EcKey::derive(const EcPoint& peer, ByteArray<48>& shared_x) const {
  const Pkey peer_key = public_key(peer);
  if (!peer_key) {
    return false;
  }
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, state_->key.get(), nullptr));
  std::size_t length = shared_x.size();
  require(EVP_PKEY_derive_init(context.get()) == 1 &&
              EVP_PKEY_derive_set_peer(context.get(), peer_key.get()) == 1 &&
              EVP_PKEY_derive(context.get(), shared_x.data(), &length) == 1 && length == shared_x.size(),
          "ECDH");
  return true;
}

bool verify_ecdsa_sha256(const EcPoint& key, ByteView data, const EcSignature& signature) {
  const Pkey public_part = public_key(key);
  if (!public_part) {
    return false;
  }
  const Bytes der = to_der_signature(signature);
  const MdContext context(EVP_MD_CTX_new());
  require(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, public_part.get()) == 1,
          "ECDSA");
  const bool good = EVP_DigestVerify(context.get(), der.data(), der.size(), data.data(), data.size()) == 1;
  forget_errors();
  return good;
}

}  // namespace virtsev::sevcore::crypto
