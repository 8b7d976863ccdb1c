// SPDX-License-Identifier: LGPL-2.1-or-later
// INIT, INIT2, registration of memory, and which command goes where.
#include "sevcore/simulated/simulated_vm.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace virtsev::sevcore {
namespace {

/// GHCB_VERSION_MAX of Linux 6.10.
constexpr std::uint16_t kMaxGhcbVersion = 2;

}  // namespace

SimulatedVm::SimulatedVm(SimulatedHost& host, KvmVmType type, VcpuStates states)
    : host_(host), type_(type), states_(std::move(states)) {}

SimulatedVm::~SimulatedVm() {
  if (handle_ != 0) {
    submit_handle(MailboxCommand::kDeactivate, handle_);
    submit_handle(MailboxCommand::kDecommission, handle_);
  }
  if (asid_ != 0) {
    host_.give_back_asid(asid_);
  }
}

Outcome SimulatedVm::operate(GuestCommand command, void* data) {
  switch (command) {
    case GuestCommand::kInit:
      return init(false);
    case GuestCommand::kEsInit:
      return init(true);
    case GuestCommand::kInit2:
      return init2(data);
    case GuestCommand::kSendUpdateVmsa:
    case GuestCommand::kReceiveUpdateVmsa:
    case GuestCommand::kCertExport:
      return refusal(EINVAL);  // Linux has none of them
    default:
      break;
  }
  if (asid_ == 0) {
    return refusal(command == GuestCommand::kReceiveUpdateData ? EINVAL : ENOTTY);
  }
  return run_on_guest(command, data);
}

Outcome SimulatedVm::run_on_guest(GuestCommand command, void* data) {
  switch (command) {
    case GuestCommand::kLaunchStart:
      return launch_start(data);
    case GuestCommand::kLaunchUpdateData:
      return launch_update_data(data);
    case GuestCommand::kLaunchUpdateVmsa:
      return launch_update_vmsa();
    case GuestCommand::kLaunchMeasure:
      return launch_measure(data);
    case GuestCommand::kLaunchSecret:
      return packet_in(MailboxCommand::kLaunchUpdateSecret, data);
    case GuestCommand::kLaunchFinish:
      return outcome_of(submit_handle(MailboxCommand::kLaunchFinish, handle_));
    case GuestCommand::kGuestStatus:
      return guest_status(data);
    case GuestCommand::kAttestationReport:
      return attestation_report(data);
    case GuestCommand::kDebugDecrypt:
      return debug(MailboxCommand::kDebugDecrypt, data);
    case GuestCommand::kDebugEncrypt:
      return debug(MailboxCommand::kDebugEncrypt, data);
    case GuestCommand::kSendStart:
      return send_start(data);
    case GuestCommand::kSendUpdateData:
      return send_update_data(data);
    case GuestCommand::kSendFinish:
      return outcome_of(submit_handle(MailboxCommand::kSendFinish, handle_));
    case GuestCommand::kSendCancel:
      return outcome_of(submit_handle(MailboxCommand::kSendCancel, handle_));
    case GuestCommand::kReceiveStart:
      return receive_start(data);
    case GuestCommand::kReceiveUpdateData:
      return packet_in(MailboxCommand::kReceiveUpdateData, data);
    case GuestCommand::kReceiveFinish:
      return outcome_of(submit_handle(MailboxCommand::kReceiveFinish, handle_));
    default:
      return refusal(EINVAL);
  }
}

FirmwareStatus SimulatedVm::submit_handle(MailboxCommand command, std::uint32_t handle) {
  HandleBuffer buffer{handle};
  return host_.submit(command, buffer);
}

Outcome SimulatedVm::init(bool es) {
  if (es && host_.settings().es_asids == 0) {
    return refusal(ENOTTY);
  }
  if (type_ != KvmVmType::kDefault) {
    return refusal(EINVAL);
  }
  if (asid_ != 0) {
    return refusal(EBUSY);
  }
  es_ = es;
  flavour_ = VmsaFlavour::kLegacy;
  return take_asid();
}

Outcome SimulatedVm::init2(void* data) {
  Init2Arguments arguments;
  if (asid_ != 0 || type_ == KvmVmType::kDefault) {
    return refusal(EINVAL);
  }
  if (!copy_in(data, arguments)) {
    return refusal(EFAULT);
  }
  const bool es = type_ == KvmVmType::kSevEs;
  if ((es ? host_.settings().es_asids : host_.settings().sev_asids) == 0) {
    return refusal(EINVAL);  // Linux would not have made a machine of this type
  }
  // This kernel offers no VMSA feature (attribute KVM_X86_SEV_VMSA_FEATURES reads 0).
  if (arguments.flags != 0 || arguments.vmsa_features != 0 ||
      arguments.ghcb_version > (es ? kMaxGhcbVersion : 0)) {
    return refusal(EINVAL);
  }
  es_ = es;
  flavour_ = VmsaFlavour::kInit2;
  return take_asid();
}

Outcome SimulatedVm::take_asid() {
  host_.ensure_initialized();
  const auto asid = host_.take_asid(es_);
  if (!asid) {
    return refusal(EBUSY);
  }
  asid_ = *asid;
  return {};
}

Outcome SimulatedVm::register_memory(void* address, std::size_t size) {
  if (asid_ == 0) {
    return refusal(ENOTTY);
  }
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  if (size == 0 || begin + size < begin) {
    return refusal(EINVAL);
  }
  regions_.emplace(address, size);
  return {};
}

Outcome SimulatedVm::unregister_memory(void* address, std::size_t size) {
  if (asid_ == 0) {
    return refusal(ENOTTY);
  }
  const auto [begin, end] = regions_.equal_range(address);
  const auto found = std::find_if(begin, end, [size](const auto& region) { return region.second == size; });
  if (found == end) {
    return refusal(EINVAL);
  }
  regions_.erase(found);
  return {};
}

std::unique_ptr<SevVm> make_simulated_vm(SimulatedHost& host, KvmVmType type, VcpuStates states) {
  return std::make_unique<SimulatedVm>(host, type, std::move(states));
}

}  // namespace virtsev::sevcore
