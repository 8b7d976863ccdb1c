// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/host-check/platform_information.hpp"

#include <cerrno>

#include "sevcore/outcomes/explain_outcome.hpp"
#include "sevcore/outcomes/outcome_table.hpp"

namespace virtsev::sevcore {
namespace {

std::uint64_t address_of(Bytes& buffer) { return reinterpret_cast<std::uintptr_t>(buffer.data()); }

bool is_length_answer(const Outcome& outcome) {
  return outcome.error_number == EIO &&
         outcome.firmware_status == static_cast<std::uint32_t>(FirmwareStatus::kInvalidLength);
}

void read_certificates(SevDevice& device, PlatformInformation& information) {
  information.pdh.resize(kCertificateSize);
  information.chain.resize(kCertificateChainSize);
  PdhCertExportArguments arguments;
  arguments.pdh_address = address_of(information.pdh);
  arguments.pdh_length = kCertificateSize;
  arguments.chain_address = address_of(information.chain);
  arguments.chain_length = kCertificateChainSize;
  if (const Outcome outcome = device.issue(PlatformCommand::kPdhCertExport, &arguments); !outcome.ok()) {
    throw sev_error(PlatformCommand::kPdhCertExport, outcome);
  }
}

void read_chip_id(SevDevice& device, PlatformInformation& information) {
  GetId2Arguments arguments;
  Outcome outcome = device.issue(PlatformCommand::kGetId2, &arguments);
  if (outcome.error_number == EINVAL || outcome.error_number == kKernelNotSupported) {
    return;  // A kernel, or a firmware before API 0.16, that does not know the command
  }
  if (!is_length_answer(outcome) || arguments.length == 0 || arguments.length > kMaxBlobSize) {
    throw sev_error(PlatformCommand::kGetId2, outcome);
  }
  information.chip_id.resize(arguments.length);
  arguments.address = address_of(information.chip_id);
  outcome = device.issue(PlatformCommand::kGetId2, &arguments);
  if (!outcome.ok()) {
    throw sev_error(PlatformCommand::kGetId2, outcome);
  }
}

}  // namespace

PlatformInformation platform_information_of(const PlatformStatusArguments& status, bool simulated) {
  PlatformInformation information;
  information.api_major = status.api_major;
  information.api_minor = status.api_minor;
  information.build = status.build;
  information.state = static_cast<PlatformState>(status.state);
  information.externally_owned = (status.flags & kPlatformOwned) != 0;
  information.es_enabled = (status.flags & kPlatformEs) != 0;
  information.guest_count = status.guest_count;
  information.simulated = simulated;
  return information;
}

PlatformInformation read_platform_status(SevDevice& device) {
  PlatformStatusArguments status;
  if (const Outcome outcome = device.issue(PlatformCommand::kPlatformStatus, &status); !outcome.ok()) {
    throw sev_error(PlatformCommand::kPlatformStatus, outcome);
  }
  return platform_information_of(status, device.simulated());
}

PlatformInformation read_platform(SevDevice& device) {
  PlatformInformation information = read_platform_status(device);
  read_certificates(device, information);
  read_chip_id(device, information);
  return information;
}

}  // namespace virtsev::sevcore
