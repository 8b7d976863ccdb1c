// SPDX-License-Identifier: LGPL-2.1-or-later
// /dev/kvm, /dev/sev, and the firmware behind it.
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <linux/ioctl.h>
#include <sys/ioctl.h>

#include "sevcore/base/text.hpp"
#include "sevcore/base/unique_fd.hpp"
#include "sevcore/host-check/parts.hpp"
#include "sevcore/kernel/hardware_kernel.hpp"
#include "sevcore/outcomes/outcome_table.hpp"

namespace virtsev::sevcore {
namespace {

/// The first API version whose measurement covers version and policy, which the owner's side computes.
constexpr unsigned kMeasuredSinceMajor = 0;
constexpr unsigned kMeasuredSinceMinor = 17;

HostFinding cannot_open(const std::string& path, HostPart part, int error,
                        const std::string& cure_when_missing) {
  switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
      return {part, text("{} can't be opened: permission denied", path),
              text("run virtsevd as root, or give its user access to {}", path)};
    case ENOENT:
    case ENOTDIR:
      return {part, text("{} does not exist", path), cure_when_missing};
    default:
      return {part, text("{} can't be opened: {}", path, ::strerror(error)), text("look at dmesg")};
  }
}

HostFinding no_status(const Outcome& outcome) {
  switch (outcome.error_number) {
    case EBUSY:  // What the driver says once it has given the processor up (psp_dead)
    case ETIMEDOUT:
    case ENODEV:
      return {HostPart::kFirmware, text("the security processor (PSP) has stopped answering"),
              text("look at dmesg for ccp, and restart the host")};
    default:
      break;
  }
  const bool answered = outcome.error_number == EIO && outcome.firmware_status != kNoFirmwareCall;
  const Explanation explanation =
      answered ? explain_status("PLATFORM_STATUS", static_cast<FirmwareStatus>(outcome.firmware_status))
               : explain_errno(KernelCall::kPlatform, outcome.error_number);
  return {HostPart::kFirmware, text("PLATFORM_STATUS failed: {}", explanation.cause), explanation.next_step};
}

PartFindings check_firmware(const PlatformInformation& platform) {
  PartFindings findings;
  if (std::pair(unsigned{platform.api_major}, unsigned{platform.api_minor}) <
      std::pair(kMeasuredSinceMajor, kMeasuredSinceMinor)) {
    findings.sev.push_back(
        {HostPart::kFirmware,
         text("the SEV firmware has API {}.{}, build {}; a launch can be verified from API {}.{} on",
              platform.api_major, platform.api_minor, platform.build, kMeasuredSinceMajor,
              kMeasuredSinceMinor),
         text("update the SEV firmware (linux-firmware's amd/*.sbin, or the BIOS)")});
  }
  if (platform.state != PlatformState::kUninitialized && !platform.es_enabled) {
    findings.es.push_back({HostPart::kFirmware, text("the firmware was initialised without SEV-ES"),
                           text("give SEV-ES ASIDs in the BIOS, and load kvm_amd with sev_es=1")});
  }
  return findings;
}

}  // namespace

std::unique_ptr<SevDevice> open_sev_device(const std::string& path) {
  UniqueFd device(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return device ? std::make_unique<HardwareDevice>(std::move(device)) : nullptr;
}

Findings check_kvm_device(const std::string& path) {
  if (const UniqueFd device(::open(path.c_str(), O_RDWR | O_CLOEXEC)); device) {
    return {};
  }
  return {cannot_open(path, HostPart::kKvmDevice, errno,
                      text("enable virtualisation (SVM) in the BIOS, and load kvm_amd"))};
}

std::uint32_t read_vm_types(const std::string& path) {
  constexpr unsigned long kCheckExtension = _IO(0xAE, 0x03);  // Linux, include/uapi/linux/kvm.h
  constexpr unsigned long kVmTypes = 235;                     // KVM_CAP_VM_TYPES
  const UniqueFd device(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  const int types = device ? ::ioctl(device.get(), kCheckExtension, kVmTypes) : 0;
  return types > 0 ? static_cast<std::uint32_t>(types) : 0;
}

PartFindings check_sev_device(const HostRoots& roots, HostCheck& check) {
  const std::string path = roots.dev + "/sev";
  const auto device = roots.open_sev(path);
  if (!device) {
    return {{cannot_open(path, HostPart::kSevDevice, errno,
                         text("enable the security processor (PSP) in the BIOS, and load the ccp module"))},
            {},
            {}};
  }
  if (check.cpu.snp) {
    check.snp_status = roots.read_snp(*device);
  }
  if (!roots.ask_firmware) {
    return {};
  }
  PlatformStatusArguments status;
  if (const Outcome outcome = device->issue(PlatformCommand::kPlatformStatus, &status); !outcome.ok()) {
    return {{no_status(outcome)}, {}, {}};
  }
  check.platform = platform_information_of(status, device->simulated());
  return check_firmware(*check.platform);
}

}  // namespace virtsev::sevcore
