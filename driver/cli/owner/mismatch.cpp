// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/owner/mismatch.hpp"

#include "sevcore/crypto/crypto.hpp"

namespace virtsev::cli {
namespace {

/// None where both kinds of VMSA are among the predictions, or the guest has none.
std::optional<OtherVmsa> other_vmsa(const ExpectedLaunch& launch) {
  if (!launch.plan.encrypted_state || launch.vmsa_assumed) {
    return std::nullopt;
  }
  const bool init2 = launch.specification.vmsa_flavour == spec::VmsaFlavour::kInit2;
  return OtherVmsa{init2 ? "legacy" : "init2",
                   sevcore::launch_digest(
                       with_flavour(launch, init2 ? spec::VmsaFlavour::kLegacy : spec::VmsaFlavour::kInit2))};
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
