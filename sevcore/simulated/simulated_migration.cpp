// SPDX-License-Identifier: LGPL-2.1-or-later
// SEND_START, SEND_UPDATE_DATA and RECEIVE_START of a simulated virtual machine, as Linux 6.1 has them.
#include <cerrno>

#include "sevcore/simulated/simulated_vm.hpp"
#include "sevcore/simulated/user_ranges.hpp"

namespace virtsev::sevcore {

Outcome SimulatedVm::send_start(void* data) {
  SendStartArguments arguments;
  if (!copy_in(data, arguments)) {
    return refusal(EFAULT);
  }
  SendStartBuffer buffer;
  buffer.handle = handle_;
  const bool query = arguments.session_length == 0;
  if (!query) {
    if (!is_blob(arguments.pdh_address, arguments.pdh_length) ||
        !is_blob(arguments.chain_address, arguments.chain_length) ||
        !is_blob(arguments.amd_address, arguments.amd_length) ||
        !is_blob(arguments.session_address, arguments.session_length)) {
      return refusal(EINVAL);
    }
    buffer.pdh_address = arguments.pdh_address;
    buffer.pdh_length = arguments.pdh_length;
    buffer.chain_address = arguments.chain_address;
    buffer.chain_length = arguments.chain_length;
    buffer.amd_address = arguments.amd_address;
    buffer.amd_length = arguments.amd_length;
    buffer.session_address = arguments.session_address;
    buffer.session_length = arguments.session_length;
  }
  const FirmwareStatus status = host_.submit(MailboxCommand::kSendStart, buffer);
  // Unlike with LAUNCH_MEASURE, the length is written back on every answer.
  if (!query) {
    arguments.policy = buffer.policy;
  }
  arguments.session_length = buffer.session_length;
  copy_out(data, arguments);
  return outcome_of(status);
}

Outcome SimulatedVm::send_update_data(void* data) {
  PacketArguments arguments;
  if (!copy_in(data, arguments)) {
    return refusal(EFAULT);
  }
  if (arguments.header_length == 0 || arguments.transport_length == 0) {
    PacketBuffer query;
    query.handle = handle_;
    const FirmwareStatus status = host_.submit(MailboxCommand::kSendUpdateData, query);
    arguments.header_length = query.header_length;
    arguments.transport_length = query.transport_length;
    copy_out(data, arguments);
    return outcome_of(status);
  }
  if (arguments.header_address == 0 || arguments.transport_address == 0 || arguments.guest_address == 0 ||
      arguments.guest_length == 0 || arguments.guest_length > kPageSize ||
      !in_one_page(arguments.guest_address, arguments.guest_length)) {
    return refusal(EINVAL);
  }
  PacketBuffer buffer = packet_buffer(arguments);
  return outcome_of(host_.submit_over(MailboxCommand::kSendUpdateData, buffer, buffer.guest_length));
}

Outcome SimulatedVm::receive_start(void* data) {
  LaunchStartArguments arguments;
  if (!copy_in(data, arguments)) {
    return refusal(EFAULT);
  }
  if (!is_blob(arguments.dh_address, arguments.dh_length) ||
      !is_blob(arguments.session_address, arguments.session_length)) {
    return refusal(EINVAL);
  }
  LaunchStartBuffer buffer;
  buffer.handle = arguments.handle;
  buffer.policy = arguments.policy;
  buffer.dh_address = arguments.dh_address;
  buffer.dh_length = arguments.dh_length;
  buffer.session_address = arguments.session_address;
  buffer.session_length = arguments.session_length;
  return start_and_activate(MailboxCommand::kReceiveStart, buffer, arguments, data);
}

}  // namespace virtsev::sevcore
