// SPDX-License-Identifier: LGPL-2.1-or-later
// The primitives that SEV is made of, through OpenSSL's EVP interface. A failure of OpenSSL itself is an
// Error(kInternal).
#pragma once

#include <memory>

#include "sevcore/base/bytes.hpp"

namespace virtsev::sevcore::crypto {

/// Keeps OpenSSL from reading a configuration file (openssl.cnf) in this process, which takes longer than all
/// else at its beginning. To be called before any other function here.
void read_no_configuration();

ByteArray<32> sha256(ByteView data);
/// SEV-SNP's.
ByteArray<48> sha384(ByteView data);
ByteArray<32> hmac_sha256(ByteView key, ByteView data);

/// SHA-256 of what is fed piece by piece.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  Sha256(const Sha256& other);  ///< Copies the state: a running digest can be looked at and go on
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256();
  void update(ByteView data);
  /// The digest of all fed so far; the object stays usable.
  [[nodiscard]] ByteArray<32> digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// AES-128 in counter mode, the IV being the first 128-bit big-endian counter; encrypts and decrypts.
Bytes aes128_ctr(const ByteArray<16>& key, const ByteArray<16>& iv, ByteView data);

/// Bytes from the operating system's generator.
void fill_random(MutableBytes out);

/// Compares in a time that depends on the length alone.
bool equal_constant_time(ByteView a, ByteView b);

/// Overwrites a secret so that the compiler can't leave it out.
void wipe(MutableBytes secret);

/// A point of NIST P-384, coordinates big-endian.
struct EcPoint {
  ByteArray<48> x{};
  ByteArray<48> y{};
  friend bool operator==(const EcPoint&, const EcPoint&) = default;
};

/// An ECDSA signature over P-384, big-endian.
struct EcSignature {
  ByteArray<48> r{};
  ByteArray<48> s{};
};

/// A P-384 key pair.
class EcKey {
 public:
  static EcKey generate();
  /// From PKCS#8 DER as to_der() writes it. Throws Error(kInvalidArgument) where it is none.
  static EcKey from_der(ByteView der);
  EcKey(EcKey&&) noexcept;
  EcKey& operator=(EcKey&&) noexcept;
  ~EcKey();
  [[nodiscard]] Bytes to_der() const;
  [[nodiscard]] EcPoint public_point() const;
  /// ECDSA with SHA-256.
  [[nodiscard]] EcSignature sign_sha256(ByteView data) const;
  /// The x coordinate of the shared point, big-endian. False where `peer` is not on the curve.
  [[nodiscard]] bool derive(const EcPoint& peer, ByteArray<48>& shared_x) const;

 private:
  struct State;
  explicit EcKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// False also where the point is not on the curve.
bool verify_ecdsa_sha256(const EcPoint& key, ByteView data, const EcSignature& signature);

/// RSA-PSS, MGF1 with the same hash, salt as long as the hash; `sha384` chooses between SHA-256 and SHA-384.
/// All integers big-endian.
bool verify_rsa_pss(ByteView modulus, ByteView exponent, bool sha384, ByteView data, ByteView signature);
/// Signs with a PKCS#8 DER private key; for the simulated ARK and ASK alone.
Bytes sign_rsa_pss(ByteView private_key_der, bool sha384, ByteView data);

}  // namespace virtsev::sevcore::crypto
