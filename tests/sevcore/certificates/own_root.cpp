// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sevcore/certificates/own_root.hpp"

#include <memory>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace virtsev::sevcore::test {
namespace {

constexpr std::size_t kSize = 256;

AmdCertificate certificate(KeyUsage usage, const EVP_PKEY* key, ByteView private_key) {
  BIGNUM* modulus = nullptr;
  EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus);
  AmdCertificate result;
  result.key_id = {'O', 'W', 'N', static_cast<std::uint8_t>(usage)};
  result.certifying_id = {'O', 'W', 'N', static_cast<std::uint8_t>(KeyUsage::kArk)};
  result.usage = usage;
  result.exponent.resize(kSize);
  result.exponent[kSize - 1] = result.exponent[kSize - 3] = 1;  // 65537
  result.modulus.resize(kSize);
  BN_bn2binpad(modulus, result.modulus.data(), kSize);
  BN_free(modulus);
  result.signature = crypto::sign_rsa_pss(private_key, false, signed_bytes(result));
  return result;
}

}  // namespace

OwnRoot make_own_root() {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_RSA_gen(8 * kSize), EVP_PKEY_free);
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, void (*)(PKCS8_PRIV_KEY_INFO*)> info(EVP_PKEY2PKCS8(key.get()),
                                                                                  PKCS8_PRIV_KEY_INFO_free);
  unsigned char* der = nullptr;
  const int length = i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der);
  OwnRoot root;
  root.private_key.assign(der, der + length);
  OPENSSL_free(der);
  root.ask = certificate(KeyUsage::kAsk, key.get(), root.private_key);
  root.ark = certificate(KeyUsage::kArk, key.get(), root.private_key);
  return root;
}

void sign(SevCertificate& cek, const OwnRoot& root) {
  CertificateSignature& signature = cek.signatures[0];
  signature = {KeyUsage::kAsk, KeyAlgorithm::kRsaSha256, {}};
  const Bytes bytes = crypto::sign_rsa_pss(root.private_key, false, signed_bytes(cek));
  std::copy(bytes.rbegin(), bytes.rend(), signature.bytes.begin());
}

}  // namespace virtsev::sevcore::test
