// SPDX-License-Identifier: LGPL-2.1-or-later
// One sample of every message, each field with a value of its own, and frames as a receiver has them.
#pragma once

#include <optional>
#include <stdexcept>
#include <vector>

#include <fcntl.h>

#include "driver/control/channel.hpp"
#include "driver/control/codec.hpp"

namespace virtsev::control::test {

inline UniqueFd open_null() { return UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)); }

inline Start sample_start(int base_descriptor) {
  Start start;
  start.machine.memory_bytes = 512ULL << 20;
  start.machine.vcpus = 3;
  start.machine.cpu.signature = 0xa00f11;
  start.machine.boot = spec::DirectBoot{{{base_descriptor, "/boot/vmlinuz"},
                                         spec::File{base_descriptor, "/boot/initrd"},
                                         "console=ttyS0 quiet"}};
  start.machine.devices = {
      {"serial0", spec::PortAddress{0x3f8},
       spec::Serial{base_descriptor, base_descriptor, {base_descriptor, base_descriptor, -1, -1}}}};
  start.machine.protection = sevcore::make_protection(
      sevcore::Policy(5), {Bytes(2084, 0x11), Bytes(128, 0x22)}, sevcore::VmsaFlavour::kLegacy);
  start.platform = Platform::kHardware;
  start.c_bit_position = 47;
  start.name = "guest";
  start.console_timeout_seconds = 7;
  start.kvm = base_descriptor;
  start.sev = base_descriptor;
  start.platform_identity = base_descriptor;
  start.end_file = base_descriptor;
  start.simulated = {5, base_descriptor, 6, 7, 8, 1};
  start.keeps_panicked = true;
  return start;
}

inline VcpuRegisters sample_registers() {
  VcpuRegisters registers;
  std::uint64_t next = 0x1122334455667700;
  for (std::uint64_t& value : registers.general) {
    value = ++next;
  }
  registers.rip = ++next;
  registers.rflags = ++next;
  registers.selectors = {0x10, 0x18, 0x20, 0x28, 0x30, 0x38};
  for (std::uint64_t* value : {&registers.fs_base, &registers.gs_base, &registers.cr0, &registers.cr2,
                               &registers.cr3, &registers.cr4, &registers.cr8, &registers.efer}) {
    *value = ++next;
  }
  return registers;
}

inline std::vector<Request> sample_requests(int descriptor) {
  return {Hello{3},
          sample_start(descriptor),
          Query{},
          Resume{},
          Pause{},
          PowerButton{},
          InjectSecret{Bytes(52, 1), Bytes(32, 2), 0x123456789000ULL},
          Quit{},
          ReadMemory{0x10000000000ULL, 4096, AddressKind::kVirtual, 3},
          WriteMemory{0x10000000000ULL, AddressKind::kVirtual, 3, Bytes(5, 0x55)},
          ReadRegisters{3},
          WriteRegisters{3, sample_registers()},
          ListMemory{},
          GrantFirmware{1ULL << 40},
          OpenConsole{"console1"},
          SetLink{"net0", false},
          AttachDevice{{"rng1", spec::PciAddress{0, 1}, spec::Entropy{}}},
          DetachDevice{"rng1"}};
}

inline LaunchReport sample_report() {
  LaunchReport report;
  report.measurement = Bytes(48, 0x33);
  report.api_major = 1;
  report.api_minor = 51;
  report.build = 3;
  report.c_bit_position = 39;
  report.reduced_phys_bits = 1;
  report.protection = sevcore::make_protection(sevcore::Policy(5), {}, sevcore::VmsaFlavour::kLegacy);
  report.platform = Platform::kHardware;
  report.secret_address = 0x7ff0010;
  report.secret_size = 4080;
  return report;
}

inline std::vector<Reply> sample_replies() {
  return {Failure{ErrorCode::kOperationInvalid, "no"},
          Done{},
          HelloReply{2, RunState::kRunning},
          sample_report(),
          Status{RunState::kPaused,
                 true,
                 sample_report(),
                 {1, 1ULL << 40},
                 {77, 78},
                 12345678,
                 "vCPU 0 at 0x1000",
                 {{"virtio-disk0", {1, 2, 3}, {4, 5, 6}, {7, 0, 8}, 9}},
                 {{"net0", {1, 2, 3, 4}, {5, 6, 7, 1ULL << 40}}},
                 {{"channel0", true}},
                 {"net0"}},
          MemoryContent{Bytes(17, 0x44)},
          RegisterContent{sample_registers()},
          MemoryRanges{{{0, 0xc0000000}, {1ULL << 32, 1ULL << 30}}},
          ConsoleMaster{0, nullptr}};
}

inline std::vector<Event> sample_events() {
  return {Panicked{},
          Ended{EndReason::kReset, "the guest asked for it"},
          ConsoleSilent{"vCPU 0 at 0x1000"},
          Progress{3ULL << 40, 5ULL << 40},
          FirmwareWanted{1ULL << 40, 1ULL << 20},
          FirmwareDone{1ULL << 41},
          DeviceRemoved{"net0"}};
}

/// The frame as its receiver gets it: through a reader, with a new descriptor for each one announced.
inline Frame received(const OutgoingFrame& outgoing) {
  std::vector<UniqueFd> descriptors;
  for (std::size_t i = 0; i < outgoing.descriptors.size(); ++i) {
    descriptors.push_back(open_null());
  }
  FrameReader reader;
  if (!reader.feed(outgoing.bytes, std::move(descriptors))) {
    throw std::logic_error("the reader refused the bytes");
  }
  auto frame = reader.next();
  if (!frame || !*frame) {
    throw std::logic_error("the reader refused the frame");
  }
  return std::move(**frame);
}

/// The start of a machine with this device alone, decoded.
inline std::optional<Start> start_with(const spec::DeviceDescription& device) {
  const UniqueFd null = open_null();
  Start sent = sample_start(null.get());
  sent.machine.devices = {device};
  auto decoded = decode_request(received(encode(Request(sent), 1)));
  return decoded ? std::optional(std::get<Start>(std::move(*decoded))) : std::nullopt;
}

}  // namespace virtsev::control::test
