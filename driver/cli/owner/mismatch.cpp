// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/owner/mismatch.hpp"

#include <optional>

#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

bool fits(const ByteArray<16>& tik, const sevcore::MeasuredLaunch& launch,
          const sevcore::Measurement& measurement) {
  return sevcore::measure(tik, launch, measurement.mnonce) == measurement;
}

/// Every API version of SEV so far, and some to come: 2 x 64 x 256 MACs take some hundredths of a second.
std::optional<sevcore::FirmwareVersion> find_firmware(const ByteArray<16>& tik,
                                                      sevcore::MeasuredLaunch launch,
                                                      const sevcore::Measurement& measurement) {
  for (unsigned version = 0; version < 2 * 64 * 256; ++version) {
    launch.firmware = {static_cast<std::uint8_t>(version >> 14),
                       static_cast<std::uint8_t>((version >> 8) & 63),
                       static_cast<std::uint8_t>(version & 255)};
    if (fits(tik, launch, measurement)) {
      return launch.firmware;
    }
  }
  return std::nullopt;
}

/// Empty where no single input of policy and firmware version makes this digest fit.
std::string reason_in_launch(const ByteArray<16>& tik, const sevcore::MeasuredLaunch& launch,
                             const sevcore::Measurement& measurement) {
  if (const auto policy = sevcore::verify_measurement(tik, launch, measurement).other_policy) {
    return text("the policy: the guest was started with {}, you expect {}; all else fits",
                sevcore::describe(*policy), sevcore::describe(launch.policy));
  }
  if (const auto firmware = find_firmware(tik, launch, measurement)) {
    return text("the firmware's version: it is {}.{} build {}; all else fits", firmware->api_major,
                firmware->api_minor, firmware->build);
  }
  return {};
}

/// Empty where the VMSA that --vmsa does not name would not fit either.
std::string reason_in_vmsa(const ByteArray<16>& tik, sevcore::MeasuredLaunch expected,
                           const sevcore::Measurement& measurement, const ExpectedLaunch& launch) {
  if (!launch.plan.encrypted_state || launch.vmsa_assumed) {
    return {};
  }
  const bool init2 = launch.specification.vmsa_flavour == spec::VmsaFlavour::kInit2;
  expected.digest = sevcore::launch_digest(
      with_flavour(launch, init2 ? spec::VmsaFlavour::kLegacy : spec::VmsaFlavour::kInit2));
  return fits(tik, expected, measurement)
             ? text("the vCPUs' initial state: this host makes it as --vmsa {} says; all else fits",
                    init2 ? "legacy" : "init2")
             : "";
}

std::string reason_against(const ByteArray<16>& tik, sevcore::MeasuredLaunch expected,
                           const std::vector<Prediction>& predictions,
                           const sevcore::Measurement& measurement, const ExpectedLaunch* launch) {
  for (const Prediction& prediction : predictions) {
    expected.digest = prediction.digest;
    if (std::string reason = reason_in_launch(tik, expected, measurement); !reason.empty()) {
      return reason;
    }
  }
  if (launch != nullptr) {
    if (std::string reason = reason_in_vmsa(tik, expected, measurement, *launch); !reason.empty()) {
      return reason;
    }
  }
  return text(
      "policy and firmware version are not at fault alone, so the guest was not made from these files and "
      "values, or the "
      "TIK is of another session. Compare kernel, initrd, command line, memory and vCPUs with what the host "
      "has");
}

}  // namespace

Fit hold_against(const ByteArray<16>& tik, const sevcore::MeasuredLaunch& expected,
                 const std::vector<Prediction>& predictions, const sevcore::Measurement& measurement,
                 const ExpectedLaunch* launch) {
  for (const Prediction& prediction : predictions) {
    sevcore::MeasuredLaunch candidate = expected;
    candidate.digest = prediction.digest;
    if (sevcore::verify_measurement(tik, candidate, measurement).matches) {
      return {true, prediction, {}};
    }
  }
  return {false, predictions.front(), reason_against(tik, expected, predictions, measurement, launch)};
}

}  // namespace virtsev::cli
