// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/expected/owners_values.hpp"

#include <utility>

#include "driver/cli/io/numbers.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/cpu_model.hpp"

namespace virtsev::cli {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::kInvalidArgument, message); }

std::optional<std::uint32_t> signature_in(const LaunchOptions& options) {
  if (options.cpu_model.empty()) {
    return options.cpu_signature != 0 ? std::optional(options.cpu_signature) : std::nullopt;
  }
  const auto known = machine::signature_of(options.cpu_model);
  if (!known) {
    refuse(
        text("--cpu-model {}: known are {}, and -v1 and so on of them; for any other CPU, give "
             "--cpu-signature with EAX of its CPUID leaf 1",
             options.cpu_model, machine::known_models()));
  }
  return known;
}

std::optional<ByteArray<32>> known_digest_in(const LaunchOptions& options) {
  return options.firmware_digest.empty()
             ? std::nullopt
             : std::optional(read_digest("--firmware-digest", options.firmware_digest));
}

std::optional<std::uint64_t> features_in(const LaunchOptions& options) {
  return options.guest_features.empty() ? std::nullopt
                                        : std::optional(read_guest_features(options.guest_features));
}

sevcore::Protection protection_in(const LaunchOptions& options) {
  if (options.is_snp()) {
    return sevcore::Snp{read_snp_policy(options.policy),
                        features_in(options).value_or(sevcore::Snp::kDefaultFeatures)};
  }
  if (!options.guest_features.empty()) {
    refuse(text("--guest-features belongs to --type sev-snp; leave it out"));
  }
  return sevcore::make_protection(read_policy(options.policy));
}

}  // namespace

spec::OwnersValues owners_values(const LaunchOptions& options) {
  spec::OwnersValues values;
  values.firmware = options.firmware;
  values.kernel = options.kernel;
  values.initrd = options.initrd;
  if (options.command_line_given) {
    values.command_line = options.command_line;
  }
  values.vcpus = options.vcpus;
  values.cpu_signature = signature_in(options);
  values.firmware_digest = known_digest_in(options);
  values.guest_features = features_in(options);
  return values;
}

std::vector<std::string> remarks_on_options(const LaunchOptions& options) {
  std::vector<std::string> remarks;
  for (const auto& [option, given] :
       {std::pair("--machine", !options.machine.empty()), std::pair("--memory", options.memory_mib != 0)}) {
    if (given) {
      remarks.push_back(
          text("{} changes nothing here: of a guest that QEMU starts through firmware, neither machine nor "
               "memory size is measured",
               option));
    }
  }
  return remarks;
}

spec::FirmwareGuest firmware_guest(const LaunchOptions& options) {
  if (options.policy.empty()) {
    refuse(text("--policy is missing: there is no default for it; 0x7 for SEV-ES, 0x1 for SEV, for example"));
  }
  return {{"--firmware", options.firmware},
          {"--kernel", options.kernel},
          {"--initrd", options.initrd},
          options.command_line,
          options.vcpus != 0 ? options.vcpus : 1,
          protection_in(options),
          signature_in(options),
          known_digest_in(options)};
}

}  // namespace virtsev::cli
