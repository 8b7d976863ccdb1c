// SPDX-License-Identifier: LGPL-2.1-or-later
// SHA-256, at once and piece by piece, and HMAC with it.
#include "sevcore/crypto/crypto.hpp"
#include "sevcore/crypto/openssl.hpp"

namespace virtsev::sevcore::crypto {

struct Sha256::State {
  MdContext context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  require(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1, "SHA-256");
}

Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

Sha256::Sha256(const Sha256& other) : state_(std::make_unique<State>()) {
  require(EVP_MD_CTX_copy_ex(state_->context.get(), other.state_->context.get()) == 1, "SHA-256");
}

void Sha256::update(ByteView data) {
  require(EVP_DigestUpdate(state_->context.get(), data.data(), data.size()) == 1, "SHA-256");
}

ByteArray<32> Sha256::digest() const {
  const Sha256 copy(*this);
  ByteArray<32> result{};
  require(EVP_DigestFinal_ex(copy.state_->context.get(), result.data(), nullptr) == 1, "SHA-256");
  return result;
}

ByteArray<32> sha256(ByteView data) {
  ByteArray<32> result{};
  require(EVP_Digest(data.data(), data.size(), result.data(), nullptr, EVP_sha256(), nullptr) == 1,
          "SHA-256");
  return result;
}

ByteArray<48> sha384(ByteView data) {
  ByteArray<48> result{};
  require(EVP_Digest(data.data(), data.size(), result.data(), nullptr, EVP_sha384(), nullptr) == 1,
          "SHA-384");
  return result;
}

ByteArray<32> hmac_sha256(ByteView key, ByteView data) {
  // OpenSSL reads a null key pointer as "no key was given", also when the length is 0.
  static constexpr std::uint8_t kNothing = 0;
  ByteArray<32> result{};
  std::size_t length = 0;
  require(EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.empty() ? &kNothing : key.data(),
                    key.size(), data.data(), data.size(), result.data(), result.size(), &length) != nullptr,
          "HMAC-SHA-256");
  return result;
}

}  // namespace virtsev::sevcore::crypto
