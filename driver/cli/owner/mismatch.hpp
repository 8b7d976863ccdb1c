// SPDX-License-Identifier: LGPL-2.1-or-later
// Why a measurement does not fit: a MAC tells nothing, but what would fit can be tried.
#pragma once

#include <string>

#include "driver/cli/launch/expected_launch.hpp"
#include "sevcore/owner/measurement.hpp"

namespace virtsev::cli {

/// For the user: the one input that, changed, makes it fit; where there is none, the inputs that are left.
/// `launch`: what the digest was computed from, or null.
std::string explain_mismatch(const ByteArray<16>& tik, const sevcore::MeasuredLaunch& expected,
                             const sevcore::Measurement& measurement, const ExpectedLaunch* launch);

}  // namespace virtsev::cli
