// SPDX-License-Identifier: LGPL-2.1-or-later
// LAUNCH_*, GET_ATTESTATION_REPORT and GUEST_STATUS of a simulated virtual machine.
#include <algorithm>
#include <cerrno>
#include <iterator>

#include "sevcore/simulated/simulated_vm.hpp"
#include "sevcore/simulated/user_ranges.hpp"

namespace virtsev::sevcore {
namespace {

/// The firmware is asked for this much at once, as the kernel asks for a physically contiguous range at once.
constexpr std::uint32_t kRun = 1U << 20;

}  // namespace

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
  return start_and_activate(MailboxCommand::kLaunchStart, buffer, arguments, data);
}

Outcome SimulatedVm::start_and_activate(MailboxCommand command, LaunchStartBuffer& buffer,
                                        LaunchStartArguments& arguments, void* data) {
  if (const FirmwareStatus status = host_.submit(command, buffer); status != FirmwareStatus::kSuccess) {
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
    if (const FirmwareStatus status =
            host_.submit_over(MailboxCommand::kLaunchUpdateData, buffer, buffer.length);
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
    if (const FirmwareStatus status =
            host_.submit_over(MailboxCommand::kLaunchUpdateVmsa, buffer, buffer.length);
        status != FirmwareStatus::kSuccess) {
      return outcome_of(status);
    }
  }
  return {};
}

template <typename Arguments, typename Buffer>
Outcome SimulatedVm::fetch_blob(MailboxCommand command, void* data, Arguments& arguments, Buffer& buffer) {
  const bool query = arguments.length == 0;
  ByteArray<kMaxBlobSize> blob;
  buffer.handle = handle_;
  if (!query && arguments.address != 0) {
    if (arguments.length > kMaxBlobSize) {
      return refusal(EINVAL);
    }
    buffer.address = reinterpret_cast<std::uintptr_t>(blob.data());
    buffer.length = arguments.length;
  }
  const FirmwareStatus status = host_.submit(command, buffer);
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

Outcome SimulatedVm::launch_measure(void* data) {
  LaunchMeasureArguments arguments;
  if (!copy_in(data, arguments)) {
    return refusal(EFAULT);
  }
  GuestRangeBuffer buffer;
  return fetch_blob(MailboxCommand::kLaunchMeasure, data, arguments, buffer);
}

Outcome SimulatedVm::attestation_report(void* data) {
  AttestationReportArguments arguments;
  if (!copy_in(data, arguments)) {
    return refusal(EFAULT);
  }
  AttestationBuffer buffer;
  std::copy(std::begin(arguments.nonce), std::end(arguments.nonce), buffer.nonce);
  return fetch_blob(MailboxCommand::kAttestation, data, arguments, buffer);
}

Outcome SimulatedVm::packet_in(MailboxCommand command, void* data) {
  PacketArguments arguments;
  if (!copy_in(data, arguments)) {
    return refusal(EFAULT);
  }
  if (arguments.guest_length == 0 || wraps(arguments.guest_address, arguments.guest_length) ||
      !in_one_page(arguments.guest_address, arguments.guest_length) ||
      !is_blob(arguments.header_address, arguments.header_length) ||
      !is_blob(arguments.transport_address, arguments.transport_length)) {
    return refusal(EINVAL);
  }
  if (arguments.guest_address == 0) {
    return refusal(command == MailboxCommand::kLaunchUpdateSecret ? ENOMEM : EINVAL);
  }
  PacketBuffer buffer = packet_buffer(arguments);
  return outcome_of(host_.submit_over(command, buffer, buffer.guest_length));
}

PacketBuffer SimulatedVm::packet_buffer(const PacketArguments& arguments) const {
  PacketBuffer buffer;
  buffer.handle = handle_;
  buffer.header_address = arguments.header_address;
  buffer.header_length = arguments.header_length;
  buffer.guest_address = arguments.guest_address;
  buffer.guest_length = arguments.guest_length;
  buffer.transport_address = arguments.transport_address;
  buffer.transport_length = arguments.transport_length;
  return buffer;
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

}  // namespace virtsev::sevcore
