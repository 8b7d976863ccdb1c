// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/lifecycle/launch_security.hpp"

#include <optional>
#include <string_view>

#include "driver/daemon/config/configuration.hpp"
#include "driver/daemon/domains/flags.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

// LAUNCH_SECRET's packet header: flags 4, IV 16, HMAC 32 (SEV API, AMD document 55766).
constexpr std::size_t kHeaderBytes = 52;
// The firmware takes at most 16 KiB at a time.
constexpr std::size_t kMaxSecretBytes = 16384;

[[noreturn]] void refuse(const std::string& field, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, text("invalid argument: parameter '{}': {}", field, why));
}

Bytes decode(const TypedParameter& parameter) {
  const auto* value = std::get_if<std::string>(&parameter.value);
  if (value == nullptr) {
    refuse(parameter.field, text("expected a string"));
  }
  auto bytes = from_base64(*value);
  if (!bytes) {
    refuse(parameter.field, text("it is not base64; give the file that `virtsev secret` made"));
  }
  return std::move(*bytes);
}

}  // namespace

std::vector<TypedParameter> launch_security_parameters(const Domain& domain) {
  require_active(domain);
  const Run& run = *domain.run;
  if (!run.definition->launch_security) {
    return {};
  }
  if (run.launch.measurement.empty()) {
    throw Error(ErrorCode::kOperationInvalid,
                text("Requested operation is not valid: the launch is under way, and not measured yet"));
  }
  const bool legacy = sevcore::interface_of(run.launch.protection) == sevcore::VmsaFlavour::kLegacy;
  return {{"sev-measurement", to_base64(run.launch.measurement)},
          {"sev-api-major", run.launch.api_major},
          {"sev-api-minor", run.launch.api_minor},
          {"sev-build-id", run.launch.build},
          {"sev-policy", sevcore::policy_of(run.launch.protection).value_or(sevcore::Policy()).value()},
          {"virtsev-platform", std::string(name_of(run.launch.platform))},
          {"virtsev-vmsa", std::string(legacy ? "legacy" : "init2")},
          {"virtsev-launch", std::string(run.has_run ? "finished" : "measured")}};
}

control::InjectSecret secret_from(const std::vector<TypedParameter>& parameters) {
  std::optional<Bytes> header;
  std::optional<Bytes> secret;
  control::InjectSecret injected;
  for (const TypedParameter& parameter : parameters) {
    if (parameter.field == "sev-secret-header") {
      header = decode(parameter);
    } else if (parameter.field == "sev-secret") {
      secret = decode(parameter);
    } else if (parameter.field == "sev-secret-set-address") {
      const auto* address = std::get_if<std::uint64_t>(&parameter.value);
      if (address == nullptr) {
        refuse(parameter.field, text("expected an unsigned 64-bit number"));
      }
      injected.address = *address;
    } else {
      refuse(parameter.field, text("no such parameter"));
    }
  }
  if (!header || !secret) {
    throw Error(ErrorCode::kInvalidArgument, text("invalid argument: both 'sev-secret-header' and "
                                                  "'sev-secret' are needed: give --secrethdr and --secret"));
  }
  if (header->size() != kHeaderBytes) {
    refuse("sev-secret-header", text("it has {} bytes, but a header has {}", header->size(), kHeaderBytes));
  }
  if (secret->empty() || secret->size() > kMaxSecretBytes) {
    refuse("sev-secret",
           text("it has {} bytes; the firmware takes 1 to {}", secret->size(), kMaxSecretBytes));
  }
  injected.header = std::move(*header);
  injected.secret = std::move(*secret);
  return injected;
}

}  // namespace virtsev::daemon
