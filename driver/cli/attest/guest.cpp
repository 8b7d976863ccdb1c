// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/attest/guest.hpp"

#include <algorithm>
#include <array>

#include <libvirt/libvirt.h>

#include "driver/cli/io/numbers.hpp"
#include "driver/cli/libvirt/connection.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

/// Typed parameters, freed at the end.
struct Parameters {
  Parameters() = default;
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;
  ~Parameters() { virTypedParamsFree(list, count); }

  [[nodiscard]] std::string text_of(const char* field) const {
    const char* value = nullptr;
    return virTypedParamsGetString(list, count, field, &value) == 1 ? value : "";
  }
  [[nodiscard]] unsigned number_of(const char* field, unsigned greatest) const {
    unsigned value = 0;
    if (virTypedParamsGetUInt(list, count, field, &value) != 1 || value > greatest) {
      throw Error(ErrorCode::kOperationFailed,
                  text("the host's launch security information has no {} that can be", field));
    }
    return value;
  }

  virTypedParameterPtr list = nullptr;
  int count = 0;
};

}  // namespace

AttestedGuest::AttestedGuest(const std::string& uri, const std::string& domain)
    : name_(domain), connection_(connect_to_host(uri)), domain_(find_domain(connection_.get(), domain)) {}

void AttestedGuest::fail(const std::string& what) const {
  throw Error(ErrorCode::kOperationFailed, text("{}: {}: {}", name_, what, last_libvirt_error()));
}

bool AttestedGuest::has_run() const {
  Parameters parameters;
  if (virDomainGetLaunchSecurityInfo(domain_.get(), &parameters.list, &parameters.count, 0) == 0) {
    if (const std::string launch = parameters.text_of("virtsev-launch"); !launch.empty()) {
      return launch != "measured";
    }
  }
  // A vCPU that is only set up uses some milliseconds; firmware's first output comes later than this.
  constexpr unsigned long long kMostForSetup = 200'000'000;  // ns
  std::array<virVcpuInfo, 64> vcpus{};
  const int count =
      virDomainGetVcpus(domain_.get(), vcpus.data(), static_cast<int>(vcpus.size()), nullptr, 0);
  return std::any_of(vcpus.begin(), vcpus.begin() + std::max(count, 0),
                     [](const virVcpuInfo& vcpu) { return vcpu.cpuTime > kMostForSetup; });
}

AttestedState AttestedGuest::state() const {
  int state = 0;
  int reason = 0;
  if (virDomainGetState(domain_.get(), &state, &reason, 0) != 0) {
    fail(text("its state can't be read"));
  }
  if (state == VIR_DOMAIN_SHUTOFF || state == VIR_DOMAIN_CRASHED) {
    return AttestedState::kOff;
  }
  if (state != VIR_DOMAIN_PAUSED) {
    return AttestedState::kOther;
  }
  const bool by_user = reason == VIR_DOMAIN_PAUSED_USER || reason == VIR_DOMAIN_PAUSED_UNKNOWN ||
                       reason == VIR_DOMAIN_PAUSED_STARTING_UP;
  return !by_user || has_run() ? AttestedState::kSuspended : AttestedState::kAtLaunch;
}

void AttestedGuest::start_paused() {
  if (virDomainCreateWithFlags(domain_.get(), VIR_DOMAIN_START_PAUSED) != 0) {
    fail(text("it can't be started"));
  }
}

ReportedLaunch AttestedGuest::launch() const {
  Parameters parameters;
  if (virDomainGetLaunchSecurityInfo(domain_.get(), &parameters.list, &parameters.count, 0) != 0) {
    fail(text("its launch security information can't be read"));
  }
  const auto bytes = from_base64(parameters.text_of(VIR_DOMAIN_LAUNCH_SECURITY_SEV_MEASUREMENT));
  const auto measurement = bytes ? sevcore::parse_measurement(*bytes) : std::nullopt;
  if (!measurement) {
    throw Error(ErrorCode::kOperationFailed,
                text("{}: the host gives no launch measurement; is it an SEV guest?", name_));
  }
  ReportedLaunch report;
  report.measurement = *measurement;
  report.firmware = {
      static_cast<std::uint8_t>(parameters.number_of(VIR_DOMAIN_LAUNCH_SECURITY_SEV_API_MAJOR, 255)),
      static_cast<std::uint8_t>(parameters.number_of(VIR_DOMAIN_LAUNCH_SECURITY_SEV_API_MINOR, 255)),
      static_cast<std::uint8_t>(parameters.number_of(VIR_DOMAIN_LAUNCH_SECURITY_SEV_BUILD_ID, 255))};
  report.policy = sevcore::Policy(parameters.number_of(VIR_DOMAIN_LAUNCH_SECURITY_SEV_POLICY, ~0U));
  report.simulated = parameters.text_of("virtsev-platform") == "simulated";
  return report;
}

void AttestedGuest::inject(const sevcore::SecretPacket& secret) {
  Parameters parameters;
  int room = 0;
  if (virTypedParamsAddString(&parameters.list, &parameters.count, &room,
                              VIR_DOMAIN_LAUNCH_SECURITY_SEV_SECRET_HEADER,
                              to_base64(secret.header).c_str()) != 0 ||
      virTypedParamsAddString(&parameters.list, &parameters.count, &room,
                              VIR_DOMAIN_LAUNCH_SECURITY_SEV_SECRET, to_base64(secret.data).c_str()) != 0 ||
      virDomainSetLaunchSecurityState(domain_.get(), parameters.list, parameters.count, 0) != 0) {
    fail(text("the secret was not taken"));
  }
}

void AttestedGuest::resume() {
  if (virDomainResume(domain_.get()) != 0) {
    fail(text("it can't be resumed"));
  }
}

void AttestedGuest::destroy() {
  if (virDomainDestroy(domain_.get()) != 0) {
    fail(text("it can't be destroyed"));
  }
}

}  // namespace virtsev::cli
