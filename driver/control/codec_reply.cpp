// SPDX-License-Identifier: LGPL-2.1-or-later
// Replies to frames, and back.
#include <fcntl.h>

#include "driver/control/wire.hpp"

namespace virtsev::control {
namespace {

ReplyType write(xdr::Encoder& out, const Failure& failure) {
  out.put_int32(static_cast<std::int32_t>(failure.code));
  wire::put_text(out, failure.text);
  return ReplyType::kFailure;
}

ReplyType write(xdr::Encoder&, const Done&) { return ReplyType::kDone; }

ReplyType write(xdr::Encoder& out, const HelloReply& hello) {
  out.put_uint32(hello.version);
  wire::put_enum(out, hello.state);
  return ReplyType::kHelloReply;
}

ReplyType write(xdr::Encoder& out, const LaunchReport& report) {
  out.put_opaque(report.measurement);
  out.put_uint32(report.api_major);
  out.put_uint32(report.api_minor);
  out.put_uint32(report.build);
  out.put_uint32(static_cast<std::uint32_t>(sevcore::policy_value(report.protection)));
  out.put_uint32(report.c_bit_position);
  out.put_uint32(report.reduced_phys_bits);
  wire::put_enum(out, sevcore::interface_of(report.protection));
  wire::put_enum(out, report.platform);
  out.put_uint64(report.secret_address);
  out.put_uint64(report.secret_size);
  return ReplyType::kLaunchReport;
}

ReplyType write(xdr::Encoder& out, const ConsoleMaster& console) {
  // The only descriptor of a reply, so the first in its frame.
  out.put_int32(console.descriptor < 0 ? -1 : 0);
  return ReplyType::kConsoleMaster;
}

ConsoleMaster get_console_master(xdr::Decoder& in, const Frame& frame) {
  ConsoleMaster console;
  if (const int descriptor = wire::get_descriptor(in, frame); descriptor >= 0) {
    console.received = std::make_shared<UniqueFd>(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
    console.descriptor = console.received->get();
  }
  return console;
}

std::vector<int> descriptors_of(const Reply& reply) {
  const auto* console = std::get_if<ConsoleMaster>(&reply);
  return console != nullptr && console->descriptor >= 0 ? std::vector<int>{console->descriptor}
                                                        : std::vector<int>();
}

ReplyType write(xdr::Encoder& out, const MemoryContent& memory) {
  out.put_opaque(memory.bytes);
  return ReplyType::kMemoryContent;
}

ReplyType write(xdr::Encoder& out, const RegisterContent& content) {
  wire::put_registers(out, content.registers);
  return ReplyType::kRegisterContent;
}

ReplyType write(xdr::Encoder& out, const MemoryRanges& memory) {
  out.put_uint32(static_cast<std::uint32_t>(memory.ranges.size()));
  for (const MemoryRanges::Range& range : memory.ranges) {
    out.put_uint64(range.start);
    out.put_uint64(range.size);
  }
  return ReplyType::kMemoryRanges;
}

MemoryRanges get_memory_ranges(xdr::Decoder& in) {
  MemoryRanges memory;
  memory.ranges.resize(in.get_count(wire::kMaxRanges, 16));
  for (MemoryRanges::Range& range : memory.ranges) {
    range.start = in.get_uint64();
    range.size = in.get_uint64();
  }
  return memory;
}

LaunchReport get_launch_report(xdr::Decoder& in) {
  LaunchReport report;
  report.measurement = in.get_opaque(wire::kMaxBlob);
  report.api_major = in.get_uint32();
  report.api_minor = in.get_uint32();
  report.build = in.get_uint32();
  const sevcore::Policy policy(in.get_uint32());
  report.c_bit_position = in.get_uint32();
  report.reduced_phys_bits = in.get_uint32();
  const auto flavour = wire::get_enum(in, sevcore::VmsaFlavour::kInit2, sevcore::VmsaFlavour::kLegacy);
  if (!report.measurement.empty()) {  // An ordinary guest has none
    report.protection = sevcore::make_protection(policy, {}, flavour);
  }
  report.platform = wire::get_enum(in, Platform::kHardware, Platform::kSimulated);
  report.secret_address = in.get_uint64();
  report.secret_size = in.get_uint64();
  return report;
}

void put_numbers(xdr::Encoder& out, std::initializer_list<std::uint64_t> numbers) {
  for (const std::uint64_t number : numbers) {
    out.put_uint64(number);
  }
}

void get_numbers(xdr::Decoder& in, std::initializer_list<std::uint64_t*> numbers) {
  for (std::uint64_t* number : numbers) {
    *number = in.get_uint64();
  }
}

void put_figures(xdr::Encoder& out, const Status& status) {
  out.put_uint32(static_cast<std::uint32_t>(status.disks.size()));
  for (const DiskFigures& disk : status.disks) {
    out.put_string(disk.id);
    for (const DiskFigures::Kind& kind : {disk.read, disk.write, disk.flush}) {
      put_numbers(out, {kind.requests, kind.bytes, kind.nanoseconds});
    }
    out.put_uint64(disk.errors);
  }
  out.put_uint32(static_cast<std::uint32_t>(status.interfaces.size()));
  for (const InterfaceFigures& interface : status.interfaces) {
    out.put_string(interface.id);
    for (const InterfaceFigures::Direction& way : {interface.received, interface.sent}) {
      put_numbers(out, {way.bytes, way.packets, way.errors, way.drops});
    }
  }
}

void put_ports(xdr::Encoder& out, const Status& status) {
  out.put_uint32(static_cast<std::uint32_t>(status.ports.size()));
  for (const PortFigures& port : status.ports) {
    out.put_string(port.id);
    out.put_bool(port.open);
  }
}

void get_ports(xdr::Decoder& in, Status& status) {
  constexpr std::uint32_t kSmallestPort = 8;
  status.ports.resize(std::min(in.get_count(machine::kMaxPorts, kSmallestPort), machine::kMaxPorts));
  for (PortFigures& port : status.ports) {
    port.id = in.get_string(wire::kMaxDeviceId);
    port.open = in.get_bool();
  }
}

void get_figures(xdr::Decoder& in, Status& status) {
  constexpr std::uint32_t kSmallestDisk = 4 + 10 * 8;
  constexpr std::uint32_t kSmallestInterface = 4 + 8 * 8;
  const auto most = static_cast<std::uint32_t>(machine::kLimits.devices);
  status.disks.resize(std::min(in.get_count(most, kSmallestDisk), most));
  for (DiskFigures& disk : status.disks) {
    disk.id = in.get_string(wire::kMaxDeviceId);
    for (DiskFigures::Kind* kind : {&disk.read, &disk.write, &disk.flush}) {
      get_numbers(in, {&kind->requests, &kind->bytes, &kind->nanoseconds});
    }
    disk.errors = in.get_uint64();
  }
  status.interfaces.resize(std::min(in.get_count(most, kSmallestInterface), most));
  for (InterfaceFigures& interface : status.interfaces) {
    interface.id = in.get_string(wire::kMaxDeviceId);
    for (InterfaceFigures::Direction* way : {&interface.received, &interface.sent}) {
      get_numbers(in, {&way->bytes, &way->packets, &way->errors, &way->drops});
    }
  }
}

ReplyType write(xdr::Encoder& out, const Status& status) {
  wire::put_enum(out, status.state);
  out.put_bool(status.has_run);
  xdr::Encoder launch;
  write(launch, status.launch);
  out.put_opaque(launch.bytes());
  out.put_uint32(static_cast<std::uint32_t>(status.vcpu_time_ns.size()));
  for (const std::uint64_t time : status.vcpu_time_ns) {
    out.put_uint64(time);
  }
  out.put_uint32(static_cast<std::uint32_t>(status.vcpu_threads.size()));
  for (const std::uint32_t thread : status.vcpu_threads) {
    out.put_uint32(thread);
  }
  out.put_uint64(status.resident_bytes);
  wire::put_text(out, status.console_silent);
  put_figures(out, status);
  put_ports(out, status);
  out.put_uint32(static_cast<std::uint32_t>(status.plugged.size()));
  for (const std::string& id : status.plugged) {
    out.put_string(id);
  }
  return ReplyType::kStatus;
}

Status get_status(xdr::Decoder& in) {
  Status status;
  status.state = wire::get_run_state(in);
  status.has_run = in.get_bool();
  const Bytes launch_bytes = in.get_opaque(wire::kMaxStructure);
  xdr::Decoder launch(launch_bytes);
  status.launch = get_launch_report(launch);
  if (!launch.ok()) {
    in.fail();
  }
  status.vcpu_time_ns.resize(in.get_count(wire::kMaxVcpuCount, 8));
  for (std::uint64_t& time : status.vcpu_time_ns) {
    time = in.get_uint64();
  }
  status.vcpu_threads.resize(in.get_count(wire::kMaxVcpuCount, 4));
  for (std::uint32_t& thread : status.vcpu_threads) {
    thread = in.get_uint32();
  }
  status.resident_bytes = in.get_uint64();
  if (!in.at_end()) {  // Version 1 ends here
    status.console_silent = in.get_string(wire::kMaxText);
  }
  if (!in.at_end()) {  // Version 4 ends here
    get_figures(in, status);
  }
  if (!in.at_end()) {  // Version 6 ends here
    get_ports(in, status);
  }
  if (!in.at_end()) {  // Version 7 ends here
    const std::uint32_t plugged = in.get_count(machine::kMaxRootPorts);
    for (std::uint32_t i = 0; i < plugged && in.ok(); ++i) {
      status.plugged.push_back(in.get_string(wire::kMaxDeviceId));
    }
  }
  return status;
}

/// A code of a later version is passed on as an internal error: the text says more than the number.
ErrorCode known_code(std::int32_t code) {
  constexpr std::int32_t kLastKnown = 1000;
  return code > 0 && code <= kLastKnown ? static_cast<ErrorCode>(code) : ErrorCode::kInternal;
}

std::optional<Reply> read(xdr::Decoder& in, const Frame& frame) {
  switch (static_cast<ReplyType>(frame.type)) {
    case ReplyType::kFailure: {
      Failure failure;
      failure.code = known_code(in.get_int32());
      failure.text = in.get_string(wire::kMaxText);
      return failure;
    }
    case ReplyType::kDone:
      return Done{};
    case ReplyType::kHelloReply: {
      HelloReply hello;
      hello.version = in.get_uint32();
      hello.state = wire::get_run_state(in);
      return hello;
    }
    case ReplyType::kLaunchReport:
      return get_launch_report(in);
    case ReplyType::kStatus:
      return get_status(in);
    case ReplyType::kMemoryContent:
      return MemoryContent{in.get_opaque(kMaxMemoryRead)};
    case ReplyType::kRegisterContent:
      return RegisterContent{wire::get_registers(in)};
    case ReplyType::kMemoryRanges:
      return get_memory_ranges(in);
    case ReplyType::kConsoleMaster:
      return get_console_master(in, frame);
  }
  return std::nullopt;
}

}  // namespace

OutgoingFrame encode(const Reply& reply, std::uint32_t serial) {
  xdr::Encoder out;
  const ReplyType type = std::visit([&](const auto& message) { return write(out, message); }, reply);
  return wire::frame(FrameKind::kReply, static_cast<std::uint32_t>(type), serial, std::move(out),
                     descriptors_of(reply));
}

Result<Reply, DecodeError> decode_reply(const Frame& frame) {
  if (frame.kind != FrameKind::kReply) {
    return unexpected(DecodeError::kMalformed);
  }
  xdr::Decoder in(frame.payload);
  std::optional<Reply> reply = read(in, frame);
  if (!reply) {
    return unexpected(DecodeError::kUnknownType);
  }
  if (!in.ok()) {
    return unexpected(DecodeError::kMalformed);
  }
  return std::move(*reply);
}

}  // namespace virtsev::control
