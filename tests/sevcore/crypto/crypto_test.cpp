// SPDX-License-Identifier: LGPL-2.1-or-later
// The primitives against published vectors.
#include "sevcore/crypto/crypto.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/unique_fd.hpp"
#include "tests/sevcore/bytes_helpers.hpp"

namespace virtsev::sevcore::crypto {
namespace {

using test::array_of;

// PKCS#8 around a bare P-384 private key.
EcKey ec_key(std::string_view private_hex) {
  Bytes der = from_hex("304e020100301006072a8648ce3d020106052b81040022043730350201010430").value();
  const Bytes number = from_hex(private_hex).value();
  der.insert(der.end(), number.begin(), number.end());
  return EcKey::from_der(der);
}

/// Ends the process with 0 where a digest can be had although OpenSSL's configuration names a provider that
/// is not there.
[[noreturn]] void hash_under_a_broken_configuration(bool read_it) {
  std::string name = (std::filesystem::temp_directory_path() / "virtsev-broken-openssl-XXXXXX").string();
  const UniqueFd file(::mkstemp(name.data()));
  const std::string content =
      "config_diagnostics = 1\nopenssl_conf = all\n[all]\nproviders = list\n[list]\nnone = none\n[none]\n"
      "module = /nowhere.so\nactivate = 1\n";
  const bool written =
      ::write(file.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size());
  ::setenv("OPENSSL_CONF", name.c_str(), 1);
  int status = written ? 0 : 2;
  try {
    if (!read_it) {
      read_no_configuration();
    }
    sha256(bytes_of("abc"));
  } catch (const Error&) {
    status = 1;
  }
  ::unlink(name.c_str());
  ::_exit(status);
}

TEST(ConfigurationDeathTest, IsNotReadWhereItShallNotBe) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(hash_under_a_broken_configuration(true), testing::ExitedWithCode(1), "");
  EXPECT_EXIT(hash_under_a_broken_configuration(false), testing::ExitedWithCode(0), "");
}

TEST(Sha256, GivesThePublishedDigest) {  // FIPS 180-2, appendix B.1
  EXPECT_EQ(to_hex(sha256(bytes_of("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, GoesOnAfterItWasLookedAt) {
  Sha256 digest;
  digest.update(bytes_of("a"));
  EXPECT_EQ(digest.digest(), sha256(bytes_of("a")));
  const Sha256 copy(digest);
  digest.update(bytes_of("bc"));
  EXPECT_EQ(digest.digest(), sha256(bytes_of("abc")));
  EXPECT_EQ(copy.digest(), sha256(bytes_of("a")));
}

TEST(HmacSha256, GivesThePublishedCode) {  // RFC 4231, test case 2
  EXPECT_EQ(to_hex(hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(HmacSha256, TakesAnEmptyKey) {
  EXPECT_EQ(to_hex(hmac_sha256({}, {})), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Aes128Ctr, GivesThePublishedCipherText) {  // NIST SP 800-38A, F.5.1: the counter's low byte overflows
  const auto key = array_of<16>("2b7e151628aed2a6abf7158809cf4f3c");
  const auto counter = array_of<16>("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  const Bytes plain = from_hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51").value();
  const Bytes cipher = aes128_ctr(key, counter, plain);
  EXPECT_EQ(to_hex(cipher), "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff");
  EXPECT_EQ(aes128_ctr(key, counter, cipher), plain);
}

TEST(EcKey, DerivesThePublishedSharedSecret) {  // RFC 5903, section 8.2
  const EcKey initiator = ec_key(
      "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194");
  const EcKey responder = ec_key(
      "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fc");
  EXPECT_EQ(
      to_hex(initiator.public_point().x),
      "667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa");
  ByteArray<48> one{};
  ByteArray<48> other{};
  ASSERT_TRUE(initiator.derive(responder.public_point(), one));
  ASSERT_TRUE(responder.derive(initiator.public_point(), other));
  EXPECT_EQ(
      to_hex(one),
      "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746");
  EXPECT_EQ(one, other);
}

TEST(EcKey, RefusesAPointThatIsNotOnTheCurve) {
  const EcKey key = EcKey::generate();
  EcPoint point = EcKey::generate().public_point();
  point.y[47] ^= 1;
  ByteArray<48> shared{};
  EXPECT_FALSE(key.derive(point, shared));
  EXPECT_FALSE(key.derive(EcPoint{}, shared));
}

TEST(EcKey, ComesBackFromDer) {
  const EcKey key = EcKey::generate();
  EXPECT_EQ(EcKey::from_der(key.to_der()).public_point(), key.public_point());
}

TEST(EcKey, RefusesDerThatIsNone) {
  Bytes der = EcKey::generate().to_der();
  der.pop_back();
  EXPECT_THROW(EcKey::from_der(der), Error);
  EXPECT_THROW(EcKey::from_der({}), Error);
}

TEST(EcKey, RefusesDerWithBytesBehindIt) {
  Bytes der = EcKey::generate().to_der();
  der.push_back(0);
  EXPECT_THROW(EcKey::from_der(der), Error);
}

TEST(Ecdsa, VerifiesThePublishedSignature) {  // RFC 6979, appendix A.2.6, SHA-256, "sample"
  const EcPoint key{
      array_of<48>(
          "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13"),
      array_of<48>("8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd253"
                   "3264720")};
  EcSignature signature{
      array_of<48>(
          "21b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd"),
      array_of<48>("f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d45db2266fa7d1feebefdc63eccd1ac42ec0cb8668a"
                   "4fa0ab0")};
  EXPECT_TRUE(verify_ecdsa_sha256(key, bytes_of("sample"), signature));
  EXPECT_FALSE(verify_ecdsa_sha256(key, bytes_of("simple"), signature));
  signature.s[0] ^= 1;
  EXPECT_FALSE(verify_ecdsa_sha256(key, bytes_of("sample"), signature));
}

TEST(Ecdsa, SignsWhatItVerifies) {
  const EcKey key = EcKey::generate();
  const EcSignature signature = key.sign_sha256(bytes_of("text"));
  EXPECT_TRUE(verify_ecdsa_sha256(key.public_point(), bytes_of("text"), signature));
  EXPECT_FALSE(verify_ecdsa_sha256(EcKey::generate().public_point(), bytes_of("text"), signature));
}

TEST(Ecdsa, RefusesASignatureOfZeros) {
  EXPECT_FALSE(verify_ecdsa_sha256(EcKey::generate().public_point(), bytes_of("text"), EcSignature{}));
}

TEST(EqualConstantTime, TellsLengthAndContentApart) {
  EXPECT_TRUE(equal_constant_time(bytes_of("abc"), bytes_of("abc")));
  EXPECT_FALSE(equal_constant_time(bytes_of("abc"), bytes_of("abd")));
  EXPECT_FALSE(equal_constant_time(bytes_of("abc"), bytes_of("ab")));
  EXPECT_TRUE(equal_constant_time({}, {}));
}

TEST(FillRandom, GivesOtherBytesEachTime) {
  ByteArray<32> one{};
  ByteArray<32> other{};
  fill_random(one);
  fill_random(other);
  EXPECT_NE(one, other);
}

}  // namespace
}  // namespace virtsev::sevcore::crypto
