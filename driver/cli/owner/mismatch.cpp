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

}  // namespace

std::string explain_mismatch(const ByteArray<16>& tik, const sevcore::MeasuredLaunch& expected,
                             const sevcore::Measurement& measurement, const ExpectedLaunch* launch) {
  if (const auto policy = sevcore::verify_measurement(tik, expected, measurement).other_policy) {
    return text("the policy: the guest was started with {}, you expect {}; all else fits",
                sevcore::describe(*policy), sevcore::describe(expected.policy));
  }
  if (const auto firmware = find_firmware(tik, expected, measurement)) {
    return text("the firmware's version: it is {}.{} build {}; all else fits", firmware->api_major,
                firmware->api_minor, firmware->build);
  }
  if (launch != nullptr && launch->plan.encrypted_state) {
    const bool init2 = launch->specification.vmsa_flavour == spec::VmsaFlavour::kInit2;
    sevcore::MeasuredLaunch other = expected;
    other.digest = sevcore::launch_digest(
        with_flavour(*launch, init2 ? spec::VmsaFlavour::kLegacy : spec::VmsaFlavour::kInit2));
    if (fits(tik, other, measurement)) {
      return text("the vCPUs' initial state: this host makes it as --vmsa {} says; all else fits",
                  init2 ? "legacy" : "init2");
    }
  }
  return text(
      "policy and firmware version are not at fault alone, so the guest was not made from these files and "
      "values, or the "
      "TIK is of another session. Compare kernel, initrd, command line, memory and vCPUs with what the host "
      "has");
}

}  // namespace virtsev::cli
