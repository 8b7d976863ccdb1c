// SPDX-License-Identifier: LGPL-2.1-or-later
// What attestation rests on before it starts anything, whatever a host says.
#include "driver/cli/attest/trust.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/driver/cli/fakes/simulated_platform.hpp"
#include "tests/sevcore/certificates/published_chains.hpp"

namespace virtsev::cli::test {
namespace {

using testing::HasSubstr;

constexpr Allowed kNothing = {};
constexpr Allowed kSimulated = {true, false};
constexpr Allowed kUnverified = {false, true};

CertificateSet certificates(const Bytes& bytes) {
  CertificateSet set;
  add_certificates(set, bytes, "the host");
  return set;
}

class Trust : public testing::Test {
 protected:
  SessionRecord record(const std::string& platform, const CertificateSet& made_for) {
    return {sevcore::Policy(7), platform, {}, key_digest(*made_for.pdh)};
  }
  static ExitStatus status(const std::optional<TrustRefusal>& refusal) {
    return refusal ? refusal->status : ExitStatus::kDone;
  }

  CertificateSet simulated_ = certificates(SimulatedPlatform().exported());
  CertificateSet amd_ = certificates(sevcore::test::epyc_7002_chain());
};

TEST_F(Trust, ASessionForAnAmdPlatformIsUsedThere) {
  EXPECT_FALSE(refuse_session(record("amd", amd_), kNothing));
  EXPECT_FALSE(refuse_host(record("amd", amd_), amd_, kNothing));
}

TEST_F(Trust, ASessionForASimulatedPlatformNeedsToBeAllowed) {
  EXPECT_EQ(status(refuse_session(record("simulated", simulated_), kNothing)), ExitStatus::kSimulated);
  EXPECT_EQ(status(refuse_session(record("simulated", simulated_), kUnverified)), ExitStatus::kSimulated);
  EXPECT_FALSE(refuse_session(record("simulated", simulated_), kSimulated));
  EXPECT_FALSE(refuse_host(record("simulated", simulated_), simulated_, kSimulated));
}

TEST_F(Trust, ASessionForAPlatformThatNobodyVerifiedNeedsToBeAllowed) {
  EXPECT_EQ(status(refuse_session(record("unverified", amd_), kNothing)), ExitStatus::kNo);
  EXPECT_EQ(status(refuse_session(record("unverified", amd_), kSimulated)), ExitStatus::kNo);
  EXPECT_FALSE(refuse_session(record("unverified", amd_), kUnverified));
}

TEST_F(Trust, AHostThatShowsAnotherPlatformsCertificatesIsFound) {
  // A simulated platform with the chain of a real one: what it shows holds up to AMD.
  const auto refusal = refuse_host(record("simulated", simulated_), amd_, kSimulated);
  EXPECT_EQ(status(refusal), ExitStatus::kNo);
  EXPECT_THAT(refusal->reason, HasSubstr("is not the one that the session was made for"));
  EXPECT_EQ(
      status(refuse_host(record("amd", amd_), certificates(sevcore::test::epyc_7001_chain()), kNothing)),
      ExitStatus::kNo);
}

TEST_F(Trust, AnUnverifiedSessionIsNoWayAroundTheSimulatedPlatform) {
  EXPECT_EQ(status(refuse_host(record("unverified", simulated_), simulated_, kUnverified)),
            ExitStatus::kSimulated);
}

TEST_F(Trust, WithoutARecordTheHostsChainHasToHold) {
  EXPECT_FALSE(refuse_host({}, amd_, kNothing));
  EXPECT_EQ(status(refuse_host({}, simulated_, kNothing)), ExitStatus::kSimulated);
  EXPECT_EQ(status(refuse_host({}, simulated_, kUnverified)), ExitStatus::kSimulated);
  EXPECT_FALSE(refuse_host({}, simulated_, kSimulated));
}

TEST_F(Trust, AnIncompleteOrUnsignedChainIsNotCalledGood) {
  CertificateSet incomplete = simulated_;
  incomplete.cek.reset();
  EXPECT_EQ(status(refuse_host({}, incomplete, kNothing)), ExitStatus::kNo);
  EXPECT_EQ(status(refuse_host({}, incomplete, kSimulated)), ExitStatus::kNo);
  EXPECT_FALSE(refuse_host({}, incomplete, kUnverified));
  CertificateSet unsigned_cek = amd_;
  unsigned_cek.cek->signatures = {};
  EXPECT_EQ(status(refuse_host({}, unsigned_cek, kNothing)), ExitStatus::kNo);
  EXPECT_FALSE(refuse_host(record("amd", amd_), unsigned_cek, kNothing)) << "as firmware exports it";
}

}  // namespace
}  // namespace virtsev::cli::test
