// SPDX-License-Identifier: LGPL-2.1-or-later
// Why a measurement does not fit: a MAC tells nothing, but what would fit can be tried; and the session,
// whose own MAC of the policy is under the same TIK, tells a wrong TIK from a wrong digest.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sevcore/abi/measurement.hpp"
#include "sevcore/abi/session.hpp"

namespace virtsev::cli {

/// The input at fault.
enum class Fault : std::uint8_t { kPolicy, kApi, kTik, kDigest, kVmsa, kTikOrDigest };

/// For scripts: "policy", "api", "tik", "digest", "vmsa"; "tik-or-digest" where no session tells which.
const char* word(Fault fault);

struct Diagnosis {
  Fault fault = Fault::kTikOrDigest;
  std::string reason;  ///< For the user, without a full stop
};

/// What `--vmsa` does not name, and the digest that it would make.
struct OtherVmsa {
  std::string name;
  ByteArray<32> digest{};
};

struct Mismatch {
  ByteArray<16> tik{};
  sevcore::MeasuredLaunch expected;    ///< But for the digest
  std::vector<ByteArray<32>> digests;  ///< Any of them would do
  std::optional<OtherVmsa> other_vmsa;
  std::optional<sevcore::SessionBlob> session;
  sevcore::Measurement measurement;
};

/// For a measurement that does not fit. Some seconds of work at most.
Diagnosis diagnose(const Mismatch& mismatch);

}  // namespace virtsev::cli
