// SPDX-License-Identifier: LGPL-2.1-or-later
// The commands that carry packets into a guest (LAUNCH_UPDATE_SECRET, RECEIVE_UPDATE_DATA,
// RECEIVE_UPDATE_VMSA) and out of it (SEND_UPDATE_DATA, SEND_UPDATE_VMSA), and those that end a phase: SEV
// API, chapter 6.
#include "sevcore/abi/packet.hpp"
#include "sevcore/firmware/firmware_core.hpp"

namespace virtsev::sevcore {
namespace {

constexpr std::uint64_t kUnit = 16;  ///< Of guest addresses and lengths

bool carries_vmsa(MailboxCommand command) {
  return command == MailboxCommand::kSendUpdateVmsa || command == MailboxCommand::kReceiveUpdateVmsa;
}

PacketContent content_of(MailboxCommand command) {
  if (command == MailboxCommand::kLaunchUpdateSecret) {
    return PacketContent::kSecret;
  }
  return carries_vmsa(command) ? PacketContent::kVmsa : PacketContent::kMemory;
}

bool is_guest_length(MailboxCommand command, std::uint32_t length) {
  return carries_vmsa(command) ? length == kPageSize
                               : length != 0 && length % kUnit == 0 && length <= Packet::kMaxData;
}

FirmwareStatus status_of(PacketFault fault) {
  switch (fault) {
    case PacketFault::kHeaderLength:
      return FirmwareStatus::kInvalidLength;
    case PacketFault::kFlags:
      return FirmwareStatus::kUnsupported;
    case PacketFault::kMac:
      return FirmwareStatus::kBadMeasurement;
  }
  return FirmwareStatus::kBadMeasurement;
}

}  // namespace

FirmwareStatus FirmwareCore::check_packet(MailboxCommand command, const PacketBuffer& buffer,
                                          GuestContext*& guest) {
  if (const FirmwareStatus status = check_guest(command, buffer.handle, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  if (!guest->asid) {
    return FirmwareStatus::kInactive;
  }
  if (carries_vmsa(command) && !guest->policy.has(PolicyBit::kEs)) {
    return FirmwareStatus::kPolicyFailure;
  }
  if (buffer.reserved1 != 0 || buffer.reserved2 != 0 || buffer.reserved3 != 0) {
    return FirmwareStatus::kInvalidParameter;
  }
  if (buffer.guest_address % (carries_vmsa(command) ? kPageSize : kUnit) != 0) {
    return FirmwareStatus::kInvalidAddress;
  }
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::packet_in(MailboxCommand command, PacketBuffer& buffer) {
  GuestContext* guest = nullptr;
  if (const FirmwareStatus status = check_packet(command, buffer, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  if (buffer.header_length != kPacketHeaderSize || !is_guest_length(command, buffer.guest_length) ||
      buffer.transport_length != buffer.guest_length) {
    return FirmwareStatus::kInvalidLength;
  }
  ByteArray<kPacketHeaderSize> header;
  Bytes data(buffer.transport_length);
  if (!memory_.read(buffer.header_address, header) || !memory_.read(buffer.transport_address, data)) {
    return FirmwareStatus::kInvalidAddress;
  }
  const PacketContent content = content_of(command);
  const ByteView bound_to =
      content == PacketContent::kSecret ? ByteView(guest->measurement.measure) : ByteView();
  auto plain = open_packet(guest->keys, content, header, data, buffer.guest_length, bound_to);
  if (!plain) {
    return status_of(plain.error());
  }
  const bool written = memory_.write_private(*guest->asid, buffer.guest_address, *plain);
  crypto::wipe(*plain);
  return written ? FirmwareStatus::kSuccess : FirmwareStatus::kInvalidAddress;
}

FirmwareStatus FirmwareCore::packet_out(MailboxCommand command, PacketBuffer& buffer) {
  GuestContext* guest = nullptr;
  if (const FirmwareStatus status = check_packet(command, buffer, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  if (buffer.header_length < kPacketHeaderSize || buffer.transport_length < buffer.guest_length ||
      buffer.transport_length == 0) {
    // Linux asks for the lengths without naming a range of the guest: then the most that it would name.
    buffer.header_length = kPacketHeaderSize;
    buffer.transport_length = buffer.guest_length != 0 ? buffer.guest_length : kPageSize;
    return FirmwareStatus::kInvalidLength;
  }
  if (!is_guest_length(command, buffer.guest_length)) {
    return FirmwareStatus::kInvalidLength;
  }
  Bytes plain(buffer.guest_length);
  if (!memory_.read_private(*guest->asid, buffer.guest_address, plain)) {
    return FirmwareStatus::kInvalidAddress;
  }
  ByteArray<16> iv;
  crypto::fill_random(iv);
  const Packet packet = seal_packet(guest->keys, content_of(command), iv, plain);
  crypto::wipe(plain);
  if (!memory_.write(buffer.header_address, packet.header) ||
      !memory_.write(buffer.transport_address, packet.data)) {
    return FirmwareStatus::kInvalidAddress;
  }
  buffer.header_length = kPacketHeaderSize;
  buffer.transport_length = buffer.guest_length;
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::go_on(MailboxCommand command, const HandleBuffer& buffer, GuestState next) {
  GuestContext* guest = nullptr;
  if (const FirmwareStatus status = check_guest(command, buffer.handle, guest);
      status != FirmwareStatus::kSuccess) {
    return status;
  }
  guest->state = next;
  return FirmwareStatus::kSuccess;
}

}  // namespace virtsev::sevcore
