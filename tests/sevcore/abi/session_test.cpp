// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/abi/session.hpp"

#include <gtest/gtest.h>

#include "sevcore/abi/key_derivation.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/certificates/make_certificates.hpp"
#include "tests/sevcore/bytes_helpers.hpp"
#include "tests/sevcore/certificates/published_chains.hpp"

namespace virtsev::sevcore {
namespace {

using test::counting_from;

constexpr Policy kPolicy{0x5};

// Made with another implementation: Python's hmac and `openssl enc -aes-128-ctr`.
constexpr std::string_view kWrapped =
    "808182838485868788898a8b8c8d8e8fb43bcb1dbd4d3794e21419ecee59b58f2fb4d7c1d583fe189774a492d073e10f90919293"
    "94959697"
    "98999a9b9c9d9e9f15c4f2686ab58bd15181ecb9f93cc4a10ed51e306108190b443884c6c2401bd6aedbe16253b873e081df31a0"
    "032d9a6b"
    "fd3a78548911da34aebba1a5e1726d77";

TEST(Session, IsWrappedAsAnotherImplementationWrapsIt) {
  const TransportKeys keys(counting_from<16>(0x60), counting_from<16>(0x40));
  const SessionBlob blob =
      wrap_session(counting_from<48>(0), counting_from<16>(0x80), counting_from<16>(0x90), keys, kPolicy);
  EXPECT_EQ(to_hex(blob), kWrapped);
  EXPECT_EQ(unwrap_session(counting_from<48>(0), blob, kPolicy), keys);
}

// The published examples of the sev crate (github.com/virtee/sev, src/session): everything that goes in is
// zero. The session's shared secret is 16 bytes long there; HMAC pads a key with zeros, so that 48 of them
// are the same key.
TEST(KeyDerivation, GivesTheKeyThatTheSevCratePublished) {
  EXPECT_EQ(to_hex(derive_key(ByteArray<16>{}, "sev-master-secret", ByteArray<16>{})),
            "ab4d269fcc62bedb4511d56c386ce706");
}

TEST(Session, IsTheOneThatTheSevCratePublished) {
  const SessionBlob blob = wrap_session({}, {}, {}, TransportKeys({}, {}), Policy{0});
  EXPECT_EQ(to_hex(blob),
            "00000000000000000000000000000000"
            "2137bc7f9bb8bd7c3e55a576a15d3454b3856b8ba27afadf46dcfee9f02c02c4"
            "00000000000000000000000000000000"
            "3176c0752738bd9d5e86689534020f528c088f16238826b000b327dee6aeed7d"
            "aa7855e13839dd767cd5da7c1ff5036540c9264b7a803029315e55375287b4af");
}

class SessionOfAnOwner : public testing::Test {
 protected:
  crypto::EcKey pdh_ = crypto::EcKey::generate();
  SevCertificate pdh_certificate_ = make_godh(pdh_.public_point(), {1, 55});
  OwnerSession session_ = make_session(pdh_certificate_, kPolicy);
};

TEST_F(SessionOfAnOwner, GivesThePlatformTheOwnersKeys) {
  const auto keys = open_session(pdh_, serialise(session_.godh), session_.blob, kPolicy);
  ASSERT_TRUE(keys) << explain(keys.error());
  EXPECT_EQ(*keys, session_.keys);
}

TEST_F(SessionOfAnOwner, HasFreshKeysEachTime) {
  const OwnerSession other = make_session(pdh_certificate_, kPolicy);
  EXPECT_NE(other.keys.tek, session_.keys.tek);
  EXPECT_NE(other.keys.tik, session_.keys.tik);
  EXPECT_NE(other.godh.key, session_.godh.key);
}

TEST_F(SessionOfAnOwner, IsRefusedWithAnyByteChanged) {
  const auto godh = serialise(session_.godh);
  for (std::size_t i = 0; i < session_.blob.size(); ++i) {
    SessionBlob changed = session_.blob;
    changed[i] ^= 0x80;
    EXPECT_FALSE(open_session(pdh_, godh, changed, kPolicy)) << "byte " << i;
  }
}

TEST_F(SessionOfAnOwner, IsRefusedWithAnyByteOfTheOwnersKeyChanged) {
  const auto godh = serialise(session_.godh);
  for (std::size_t i = 0x10; i < SevCertificate::kSignedSize; ++i) {
    auto changed = godh;
    changed[i] ^= 0x01;
    const auto keys = open_session(pdh_, changed, session_.blob, kPolicy);
    ASSERT_FALSE(keys) << "byte " << i;
    EXPECT_EQ(keys.error(), SessionFault::kCertificate) << "byte " << i;
  }
}

TEST_F(SessionOfAnOwner, IsRefusedByAnotherPlatform) {
  const auto keys = open_session(crypto::EcKey::generate(), serialise(session_.godh), session_.blob, kPolicy);
  EXPECT_EQ(keys.error(), SessionFault::kWrapMac);
}

TEST_F(SessionOfAnOwner, IsRefusedForAnotherPolicy) {
  const auto keys = open_session(pdh_, serialise(session_.godh), session_.blob, Policy(0x4));
  EXPECT_EQ(keys.error(), SessionFault::kPolicyMac);
}

TEST_F(SessionOfAnOwner, IsRefusedAtAnyOtherLength) {
  const auto godh = serialise(session_.godh);
  for (const std::size_t length : {0U, 1U, 127U}) {
    EXPECT_EQ(open_session(pdh_, godh, ByteView(session_.blob).first(length), kPolicy).error(),
              SessionFault::kLength);
  }
  Bytes longer(session_.blob.begin(), session_.blob.end());
  longer.push_back(0);
  EXPECT_EQ(open_session(pdh_, godh, longer, kPolicy).error(), SessionFault::kLength);
}

TEST_F(SessionOfAnOwner, IsRefusedWithACertificateOfAnotherKind) {
  const SevCertificate oca = make_oca(crypto::EcKey::generate());
  EXPECT_EQ(open_session(pdh_, serialise(oca), session_.blob, kPolicy).error(), SessionFault::kCertificate);
  EXPECT_EQ(open_session(pdh_, {}, session_.blob, kPolicy).error(), SessionFault::kCertificate);
}

TEST_F(SessionOfAnOwner, CantBeMadeForAPdhThatIsNotOnTheCurve) {
  pdh_certificate_.key.x[0] ^= 1;
  EXPECT_THROW(make_session(pdh_certificate_, kPolicy), Error);
}

TEST(Session, CanBeMadeForARealPlatform) {
  const Bytes chain = test::epyc_7002_chain();
  const auto pdh = parse_sev_certificate(ByteView(chain).first(SevCertificate::kSize)).value();
  EXPECT_EQ(make_session(pdh, kPolicy).blob.size(), 128U);
}

}  // namespace
}  // namespace virtsev::sevcore
