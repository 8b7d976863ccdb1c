// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/owner/mismatch.hpp"

#include "sevcore/crypto/crypto.hpp"

namespace virtsev::cli {
namespace {

/// None where both kinds of VMSA are among the predictions, or the guest has none.
std::optional<OtherVmsa> other_vmsa(const ExpectedLaunch& launch) {
  const auto flavour = sevcore::flavour_of(launch.plan.protection);
  if (!flavour || launch.vmsa_assumed) {
    return std::nullopt;
  }
  const bool init2 = *flavour == sevcore::VmsaFlavour::kInit2;
  const Prediction other =
      with_flavour(launch, init2 ? sevcore::VmsaFlavour::kLegacy : sevcore::VmsaFlavour::kInit2);
  return OtherVmsa{other.vmsa, other.digest};
}

}  // namespace

Fit hold_against(const ByteArray<16>& tik, const sevcore::MeasuredLaunch& expected,
                 const std::vector<Prediction>& predictions, const sevcore::Measurement& measurement,
                 const ExpectedLaunch* launch, const std::optional<sevcore::SessionBlob>& session) {
  Mismatch mismatch{tik, expected, {}, {}, session, measurement};
  for (const Prediction& prediction : predictions) {
    sevcore::MeasuredLaunch candidate = expected;
    candidate.digest = prediction.digest;
    if (sevcore::verify_measurement(tik, candidate, measurement).matches) {
      sevcore::crypto::wipe(mismatch.tik);
      return {true, prediction, {}};
    }
    mismatch.digests.push_back(prediction.digest);
  }
  if (launch != nullptr) {
    mismatch.other_vmsa = other_vmsa(*launch);
  }
  Fit fit{false, predictions.front(), diagnose(mismatch)};
  sevcore::crypto::wipe(mismatch.tik);
  return fit;
}

}  // namespace virtsev::cli
