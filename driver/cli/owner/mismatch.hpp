// SPDX-License-Identifier: LGPL-2.1-or-later
// A measurement held against what the owner predicts; and where it does not fit, why. A MAC tells nothing,
// but what would fit can be tried.
#pragma once

#include <optional>
#include <vector>

#include "driver/cli/expected/expected_launch.hpp"
#include "driver/cli/owner/diagnosis.hpp"
#include "sevcore/abi/measurement.hpp"

namespace virtsev::cli {

struct Fit {
  bool fits = false;
  Prediction prediction;  ///< The one that fits; the first where none does
  Diagnosis diagnosis;    ///< Where none does
};

/// `expected`: policy and firmware version; its digest is taken from each of the predictions (one at least).
/// `launch`: what they were computed from, or null. `session`: the one that the TIK is said to be of.
Fit hold_against(const ByteArray<16>& tik, const sevcore::MeasuredLaunch& expected,
                 const std::vector<Prediction>& predictions, const sevcore::Measurement& measurement,
                 const ExpectedLaunch* launch, const std::optional<sevcore::SessionBlob>& session);

}  // namespace virtsev::cli
