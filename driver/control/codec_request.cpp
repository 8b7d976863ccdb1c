// SPDX-License-Identifier: LGPL-2.1-or-later
// Requests to frames, and back.
#include "driver/control/machine_wire.hpp"
#include "driver/control/wire.hpp"

namespace virtsev::control {
namespace {

using wire::DescriptorTable;
using wire::get_descriptor;

RequestType write(xdr::Encoder& out, DescriptorTable&, const Hello& hello) {
  out.put_uint32(hello.version);
  return RequestType::kHello;
}

/// A structure of its own inside the message, so that a later version may add to its end.
void put_simulated(xdr::Encoder& outer, DescriptorTable& table, const SimulatedGrant& grant) {
  xdr::Encoder out;
  out.put_uint32(grant.asid);
  table.put(out, grant.asid_lock);
  out.put_uint32(grant.es_asids);
  out.put_uint32(grant.sev_asids);
  out.put_uint32(grant.firmware_delay_ms_per_mib);
  out.put_uint32(grant.snp_initialized);
  outer.put_opaque(out.bytes());
}

SimulatedGrant get_simulated(xdr::Decoder& outer, const Frame& frame) {
  const Bytes bytes = outer.get_opaque(wire::kMaxStructure);
  xdr::Decoder in(bytes);
  SimulatedGrant grant;
  grant.asid = in.get_uint32();
  grant.asid_lock = get_descriptor(in, frame);
  grant.es_asids = in.get_uint32();
  grant.sev_asids = in.get_uint32();
  grant.firmware_delay_ms_per_mib = in.get_uint32();
  grant.snp_initialized = in.get_uint32();
  if (!in.ok()) {
    outer.fail();
  }
  return grant;
}

RequestType write(xdr::Encoder& out, DescriptorTable& table, const Start& start) {
  wire::put_machine(out, table, start.machine);
  wire::put_enum(out, start.platform);
  out.put_bool(start.c_bit_position.has_value());
  out.put_uint32(start.c_bit_position.value_or(0));
  out.put_string(start.name);
  out.put_uint32(start.console_timeout_seconds);
  table.put(out, start.kvm);
  table.put(out, start.sev);
  table.put(out, start.platform_identity);
  table.put(out, start.end_file);
  put_simulated(out, table, start.simulated);
  out.put_bool(start.keeps_panicked);
  return RequestType::kStart;
}

Start get_start(xdr::Decoder& in, const Frame& frame) {
  Start start;
  start.machine = wire::get_machine(in, frame);
  start.platform = wire::get_enum(in, Platform::kHardware, Platform::kSimulated);
  const bool has_position = in.get_bool();
  const std::uint32_t position = in.get_uint32();
  if (has_position) {
    start.c_bit_position = position;
  }
  start.name = in.get_string(wire::kMaxName);
  start.console_timeout_seconds = in.get_uint32();
  start.kvm = get_descriptor(in, frame);
  start.sev = get_descriptor(in, frame);
  start.platform_identity = get_descriptor(in, frame);
  start.end_file = get_descriptor(in, frame);
  start.simulated = get_simulated(in, frame);
  if (!in.at_end()) {  // Version 6 ends here
    start.keeps_panicked = in.get_bool();
  }
  return start;
}

RequestType write(xdr::Encoder& out, DescriptorTable&, const InjectSecret& inject) {
  out.put_opaque(inject.header);
  out.put_opaque(inject.secret);
  out.put_bool(inject.address.has_value());
  out.put_uint64(inject.address.value_or(0));
  return RequestType::kInjectSecret;
}

InjectSecret get_inject_secret(xdr::Decoder& in) {
  InjectSecret inject;
  inject.header = in.get_opaque(wire::kMaxBlob);
  inject.secret = in.get_opaque(wire::kMaxBlob);
  const bool has_address = in.get_bool();
  const std::uint64_t address = in.get_uint64();
  if (has_address) {
    inject.address = address;
  }
  return inject;
}

RequestType write(xdr::Encoder& out, DescriptorTable&, const ReadMemory& read) {
  out.put_uint64(read.address);
  out.put_uint32(read.length);
  wire::put_enum(out, read.kind);
  out.put_uint32(read.vcpu);
  return RequestType::kReadMemory;
}

ReadMemory get_read_memory(xdr::Decoder& in) {
  ReadMemory read;
  read.address = in.get_uint64();
  read.length = in.get_uint32();
  read.kind = wire::get_enum(in, AddressKind::kPhysical, AddressKind::kVirtual);
  if (!in.at_end()) {  // Version 2 ends here
    read.vcpu = in.get_uint32();
  }
  return read;
}

RequestType write(xdr::Encoder& out, DescriptorTable&, const WriteMemory& memory) {
  out.put_uint64(memory.address);
  wire::put_enum(out, memory.kind);
  out.put_uint32(memory.vcpu);
  out.put_opaque(memory.bytes);
  return RequestType::kWriteMemory;
}

WriteMemory get_write_memory(xdr::Decoder& in) {
  WriteMemory memory;
  memory.address = in.get_uint64();
  memory.kind = wire::get_enum(in, AddressKind::kPhysical, AddressKind::kVirtual);
  memory.vcpu = in.get_uint32();
  memory.bytes = in.get_opaque(kMaxMemoryWrite);
  return memory;
}

RequestType write(xdr::Encoder& out, DescriptorTable&, const ReadRegisters& read) {
  out.put_uint32(read.vcpu);
  return RequestType::kReadRegisters;
}

RequestType write(xdr::Encoder& out, DescriptorTable&, const WriteRegisters& registers) {
  out.put_uint32(registers.vcpu);
  wire::put_registers(out, registers.registers);
  return RequestType::kWriteRegisters;
}

WriteRegisters get_write_registers(xdr::Decoder& in) {
  WriteRegisters registers;
  registers.vcpu = in.get_uint32();
  registers.registers = wire::get_registers(in);
  return registers;
}

RequestType write(xdr::Encoder& out, DescriptorTable&, const GrantFirmware& grant) {
  out.put_uint64(grant.number);
  return RequestType::kGrantFirmware;
}

RequestType write(xdr::Encoder& out, DescriptorTable&, const SetLink& link) {
  out.put_string(link.id);
  out.put_bool(link.up);
  return RequestType::kSetLink;
}

SetLink get_set_link(xdr::Decoder& in) {
  SetLink link;
  link.id = in.get_string(wire::kMaxDeviceId);
  link.up = in.get_bool();
  return link;
}

RequestType write(xdr::Encoder& out, DescriptorTable& table, const AttachDevice& attach) {
  wire::put_device(out, table, attach.device);
  return RequestType::kAttachDevice;
}

RequestType write(xdr::Encoder& out, DescriptorTable&, const DetachDevice& detach) {
  out.put_string(detach.id);
  return RequestType::kDetachDevice;
}

RequestType write(xdr::Encoder&, DescriptorTable&, const Query&) { return RequestType::kQuery; }
RequestType write(xdr::Encoder&, DescriptorTable&, const Resume&) { return RequestType::kResume; }
RequestType write(xdr::Encoder&, DescriptorTable&, const Pause&) { return RequestType::kPause; }
RequestType write(xdr::Encoder&, DescriptorTable&, const PowerButton&) { return RequestType::kPowerButton; }
RequestType write(xdr::Encoder&, DescriptorTable&, const Quit&) { return RequestType::kQuit; }
RequestType write(xdr::Encoder&, DescriptorTable&, const ListMemory&) { return RequestType::kListMemory; }
RequestType write(xdr::Encoder& out, DescriptorTable&, const OpenConsole& open) {
  out.put_string(open.port);
  return RequestType::kOpenConsole;
}

OpenConsole get_open_console(xdr::Decoder& in) {
  return {in.at_end() ? std::string() : in.get_string(wire::kMaxDeviceId)};  // Version 6 says nothing
}

std::optional<Request> read(xdr::Decoder& in, const Frame& frame) {
  switch (static_cast<RequestType>(frame.type)) {
    case RequestType::kHello:
      return Hello{in.get_uint32()};
    case RequestType::kStart:
      return get_start(in, frame);
    case RequestType::kQuery:
      return Query{};
    case RequestType::kResume:
      return Resume{};
    case RequestType::kPause:
      return Pause{};
    case RequestType::kPowerButton:
      return PowerButton{};
    case RequestType::kInjectSecret:
      return get_inject_secret(in);
    case RequestType::kQuit:
      return Quit{};
    case RequestType::kReadMemory:
      return get_read_memory(in);
    case RequestType::kWriteMemory:
      return get_write_memory(in);
    case RequestType::kReadRegisters:
      return ReadRegisters{in.get_uint32()};
    case RequestType::kWriteRegisters:
      return get_write_registers(in);
    case RequestType::kListMemory:
      return ListMemory{};
    case RequestType::kGrantFirmware:
      return GrantFirmware{in.get_uint64()};
    case RequestType::kOpenConsole:
      return get_open_console(in);
    case RequestType::kSetLink:
      return get_set_link(in);
    case RequestType::kAttachDevice:
      return AttachDevice{wire::get_device(in, frame)};
    case RequestType::kDetachDevice:
      return DetachDevice{in.get_string(wire::kMaxDeviceId)};
  }
  return std::nullopt;
}

}  // namespace

OutgoingFrame encode(const Request& request, std::uint32_t serial) {
  xdr::Encoder out;
  DescriptorTable table;
  const RequestType type =
      std::visit([&](const auto& message) { return write(out, table, message); }, request);
  return wire::frame(FrameKind::kRequest, static_cast<std::uint32_t>(type), serial, std::move(out),
                     table.take());
}

Result<Request, DecodeError> decode_request(const Frame& frame) {
  if (frame.kind != FrameKind::kRequest) {
    return unexpected(DecodeError::kMalformed);
  }
  xdr::Decoder in(frame.payload);
  std::optional<Request> request = read(in, frame);
  if (!request) {
    return unexpected(DecodeError::kUnknownType);
  }
  if (!in.ok()) {
    return unexpected(DecodeError::kMalformed);
  }
  return std::move(*request);
}

}  // namespace virtsev::control
