// SPDX-License-Identifier: LGPL-2.1-or-later
// The SEV side of a simulated virtual machine: answers as Linux's arch/x86/kvm/svm/sev.c does (6.1;
// INIT2: 6.10). What it leaves out: it does not see vCPUs, so it does not refuse an INIT after the first of
// them; it pins no memory, so there is no limit on locked memory.
#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "sevcore/kernel/simulated_host.hpp"

namespace virtsev::sevcore {
namespace {

/// The firmware is asked for this much at once, as the kernel asks for a physically contiguous range at once.
constexpr std::uint32_t kRun = 1U << 20;
/// GHCB_VERSION_MAX of Linux 6.10.
constexpr std::uint16_t kMaxGhcbVersion = 2;

class SimulatedVm : public SevVm {
 public:
  SimulatedVm(SimulatedHost& host, KvmVmType type, VcpuStates states)
      : host_(host), type_(type), states_(std::move(states)) {}
  ~SimulatedVm() override;
  SimulatedVm(const SimulatedVm&) = delete;
  SimulatedVm& operator=(const SimulatedVm&) = delete;

  Outcome operate(GuestCommand command, void* data) override;
  Outcome register_memory(void* address, std::size_t size) override;
  Outcome unregister_memory(void* address, std::size_t size) override;
  [[nodiscard]] bool simulated() const override { return true; }

 private:
  Outcome init(bool es);
  Outcome init2(void* data);
  Outcome take_asid();
  Outcome launch_start(void* data);
  Outcome launch_update_data(void* data);
  Outcome launch_update_vmsa();
  Outcome launch_measure(void* data);
  Outcome launch_secret(void* data);
  Outcome guest_status(void* data);
  FirmwareStatus submit_handle(MailboxCommand command, std::uint32_t handle);

  SimulatedHost& host_;
  KvmVmType type_;
  VcpuStates states_;
  bool es_ = false;
  VmsaFlavour flavour_ = VmsaFlavour::kLegacy;
  std::uint32_t asid_ = 0;    ///< 0: not encrypted
  std::uint32_t handle_ = 0;  ///< 0: not launched
  std::multimap<void*, std::size_t> regions_;
};

/// What the kernel does with a blob of the caller's: null, nothing and too much are refused.
bool is_blob(std::uint64_t address, std::uint32_t length) {
  return address != 0 && length != 0 && length <= kMaxBlobSize;
}

bool wraps(std::uint64_t address, std::uint64_t length) { return address + length < address; }

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
      return launch_secret(data);
    case GuestCommand::kLaunchFinish:
      return outcome_of(submit_handle(MailboxCommand::kLaunchFinish, handle_));
    case GuestCommand::kGuestStatus:
      return guest_status(data);
    case GuestCommand::kSendStart:
    case GuestCommand::kSendUpdateData:
    case GuestCommand::kSendFinish:
    case GuestCommand::kSendCancel:
    case GuestCommand::kReceiveStart:
    case GuestCommand::kReceiveUpdateData:
    case GuestCommand::kReceiveFinish:
    case GuestCommand::kDebugDecrypt:
    case GuestCommand::kDebugEncrypt:
    case GuestCommand::kAttestationReport:
      return outcome_of(
          FirmwareStatus::kUnsupported);  // The software firmware's answer to all of them as yet
    default:
      return refusal(EINVAL);
  }
}

SimulatedVm::~SimulatedVm() {
  if (handle_ != 0) {
    submit_handle(MailboxCommand::kDeactivate, handle_);
    submit_handle(MailboxCommand::kDecommission, handle_);
  }
  if (asid_ != 0) {
    host_.give_back_asid(asid_);
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

Outcome SimulatedVm::launch_start(void* data) {
  LaunchStartArguments arguments;
  if (!copy_in(data, arguments)) {
    return refusal(EFAULT);
  }
  LaunchStartBuffer buffer;
  buffer.handle = arguments.handle;
  buffer.policy = arguments.policy;
  if (arguments.dh_address != 0) {
    if (!is_blob(arguments.dh_address, arguments.dh_length)) {
      return refusal(EINVAL);
    }
    buffer.dh_address = arguments.dh_address;
    buffer.dh_length = arguments.dh_length;
  }
  if (arguments.session_address != 0) {
    if (!is_blob(arguments.session_address, arguments.session_length)) {
      return refusal(EINVAL);
    }
    buffer.session_address = arguments.session_address;
    buffer.session_length = arguments.session_length;
  }
  if (const FirmwareStatus status = host_.submit(MailboxCommand::kLaunchStart, buffer);
      status != FirmwareStatus::kSuccess) {
    return outcome_of(status);
  }
  ActivateBuffer activation{buffer.handle, asid_};
  if (const FirmwareStatus status = host_.submit(MailboxCommand::kActivate, activation);
      status != FirmwareStatus::kSuccess) {
    submit_handle(MailboxCommand::kDecommission, buffer.handle);
    return outcome_of(status);
  }
  handle_ = buffer.handle;
  arguments.handle = buffer.handle;
  copy_out(data, arguments);
  return {};
}

Outcome SimulatedVm::launch_update_data(void* data) {
  LaunchUpdateDataArguments arguments;
  if (!copy_in(data, arguments)) {
    return refusal(EFAULT);
  }
  if (arguments.length == 0 || wraps(arguments.address, arguments.length)) {
    return refusal(EINVAL);
  }
  if (arguments.address == 0) {
    return refusal(ENOMEM);  // What pinning pages that are not there gives
  }
  for (std::uint32_t done = 0; done < arguments.length;) {
    GuestRangeBuffer buffer;
    buffer.handle = handle_;
    buffer.address = arguments.address + done;
    buffer.length = std::min(arguments.length - done, kRun);
    if (const FirmwareStatus status = host_.submit_measured(MailboxCommand::kLaunchUpdateData, buffer);
        status != FirmwareStatus::kSuccess) {
      return outcome_of(status);
    }
    done += buffer.length;
  }
  return {};
}

Outcome SimulatedVm::launch_update_vmsa() {
  if (!es_) {
    return refusal(ENOTTY);
  }
  for (const VcpuState& state : states_()) {
    alignas(kPageSize) const ByteArray<kPageSize> page = vmsa_page(state, flavour_);
    GuestRangeBuffer buffer;
    buffer.handle = handle_;
    buffer.address = reinterpret_cast<std::uintptr_t>(page.data());
    buffer.length = kPageSize;
    if (const FirmwareStatus status = host_.submit_measured(MailboxCommand::kLaunchUpdateVmsa, buffer);
        status != FirmwareStatus::kSuccess) {
      return outcome_of(status);
    }
  }
  return {};
}

Outcome SimulatedVm::launch_measure(void* data) {
  LaunchMeasureArguments arguments;
  if (!copy_in(data, arguments)) {
    return refusal(EFAULT);
  }
  const bool query = arguments.length == 0;
  ByteArray<kMaxBlobSize> blob;
  GuestRangeBuffer buffer;
  buffer.handle = handle_;
  if (!query && arguments.address != 0) {
    if (arguments.length > kMaxBlobSize) {
      return refusal(EINVAL);
    }
    buffer.address = reinterpret_cast<std::uintptr_t>(blob.data());
    buffer.length = arguments.length;
  }
  const FirmwareStatus status = host_.submit(MailboxCommand::kLaunchMeasure, buffer);
  // The length is written back where it was asked for, and on success; where a buffer was too short, it is
  // not.
  if (query || status == FirmwareStatus::kSuccess) {
    arguments.length = buffer.length;
    copy_out(data, arguments);
  }
  if (status == FirmwareStatus::kSuccess) {
    std::copy_n(blob.data(), buffer.length, reinterpret_cast<std::uint8_t*>(arguments.address));
  }
  return outcome_of(status);
}

Outcome SimulatedVm::launch_secret(void* data) {
  PacketArguments arguments;
  if (!copy_in(data, arguments)) {
    return refusal(EFAULT);
  }
  // Guest memory must be physically contiguous: nothing promises that beyond a page.
  if (arguments.guest_length == 0 || wraps(arguments.guest_address, arguments.guest_length) ||
      arguments.guest_address % kPageSize + arguments.guest_length > kPageSize ||
      !is_blob(arguments.header_address, arguments.header_length) ||
      !is_blob(arguments.transport_address, arguments.transport_length)) {
    return refusal(EINVAL);
  }
  if (arguments.guest_address == 0) {
    return refusal(ENOMEM);
  }
  PacketBuffer buffer;
  buffer.handle = handle_;
  buffer.header_address = arguments.header_address;
  buffer.header_length = arguments.header_length;
  buffer.guest_address = arguments.guest_address;
  buffer.guest_length = arguments.guest_length;
  buffer.transport_address = arguments.transport_address;
  buffer.transport_length = arguments.transport_length;
  return outcome_of(host_.submit(MailboxCommand::kLaunchUpdateSecret, buffer));
}

Outcome SimulatedVm::guest_status(void* data) {
  if (data == nullptr) {
    return refusal(EFAULT);
  }
  GuestStatusBuffer buffer;
  buffer.handle = handle_;
  const FirmwareStatus status = host_.submit(MailboxCommand::kGuestStatus, buffer);
  if (status == FirmwareStatus::kSuccess) {
    copy_out(data, GuestStatusArguments{buffer.handle, buffer.policy, buffer.state});
  }
  return outcome_of(status);
}

Outcome SimulatedVm::register_memory(void* address, std::size_t size) {
  if (asid_ == 0) {
    return refusal(ENOTTY);
  }
  if (size == 0 || wraps(reinterpret_cast<std::uintptr_t>(address), size)) {
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

}  // namespace

std::unique_ptr<SevVm> make_simulated_vm(SimulatedHost& host, KvmVmType type, VcpuStates states) {
  return std::make_unique<SimulatedVm>(host, type, std::move(states));
}

}  // namespace virtsev::sevcore
