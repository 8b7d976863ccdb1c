// SPDX-License-Identifier: LGPL-2.1-or-later
// Every message survives its way to bytes and back; no truncation or wrong value of any is taken for a
// message.
#include "driver/control/codec.hpp"

#include <set>

#include <gtest/gtest.h>

#include "tests/driver/control/samples.hpp"

namespace virtsev::control::test {
namespace {

Bytes payload_bytes(const OutgoingFrame& frame) {
  return {frame.bytes.begin() + kFrameHeaderBytes, frame.bytes.end()};
}

/// Of what a status says of its ports, which is its last part.
std::size_t ports_length(const Status& status) {
  std::size_t length = 4;
  for (const PortFigures& port : status.ports) {
    length += 4 + round_up(port.id.size(), 4) + 4;
  }
  return length;
}

/// How long replies may be beside their whole length: as older versions ended them.
std::set<std::size_t> older_lengths(const Reply& reply, std::size_t whole) {
  const auto* status = std::get_if<Status>(&reply);
  if (status == nullptr) {
    return {};
  }
  constexpr std::size_t kCount = 4;  // Of a list
  Status without = *status;
  without.plugged.clear();
  const std::size_t version_7 = received(encode(Reply(without), 1)).payload.size() - kCount;
  const std::size_t plugged = whole - version_7;
  without.disks.clear();
  without.interfaces.clear();
  const std::size_t version_6 = whole - ports_length(*status) - plugged;
  without.ports.clear();
  const std::size_t version_4 = received(encode(Reply(without), 1)).payload.size() - 4 * kCount;
  return {version_7, version_6, version_4, version_4 - 4 - round_up(status->console_silent.size(), 4)};
}

/// The length of what versions since 3 added to a request at its end.
std::size_t bytes_since_version_2(const Request& request) {
  if (const auto* open = std::get_if<OpenConsole>(&request)) {
    return 4 + round_up(open->port.size(), 4);
  }
  return std::holds_alternative<ReadMemory>(request) || std::holds_alternative<Start>(request) ? 4 : 0;
}

TEST(Codec, RequestsSurviveARoundTrip) {
  const UniqueFd null = open_null();
  for (const Request& request : sample_requests(null.get())) {
    const OutgoingFrame outgoing = encode(request, 42);
    const Frame frame = received(outgoing);
    EXPECT_EQ(frame.serial, 42U);
    const auto decoded = decode_request(frame);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->index(), request.index());
    EXPECT_EQ(payload_bytes(encode(*decoded, 42)), payload_bytes(outgoing));
  }
}

TEST(Codec, AStartKeepsEveryField) {
  const UniqueFd null = open_null();
  const Start sent = sample_start(null.get());
  const Frame frame = received(encode(Request(sent), 1));
  const auto decoded = decode_request(frame);
  ASSERT_TRUE(decoded);
  const Start& start = std::get<Start>(*decoded);
  EXPECT_EQ(start.machine.memory_bytes, sent.machine.memory_bytes);
  EXPECT_EQ(start.machine.vcpus, sent.machine.vcpus);
  EXPECT_EQ(start.machine.cpu.signature, sent.machine.cpu.signature);
  EXPECT_EQ(start.machine.protection, sent.machine.protection);
  const spec::Payload& payload = *spec::payload_of(start.machine.boot);
  EXPECT_EQ(payload.kernel.path, "/boot/vmlinuz");
  ASSERT_TRUE(payload.initrd.has_value());
  EXPECT_EQ(payload.initrd->path, "/boot/initrd");
  EXPECT_EQ(payload.command_line, "console=ttyS0 quiet");
  ASSERT_EQ(start.machine.devices.size(), 1U);
  EXPECT_EQ(start.machine.devices[0].id, "serial0");
  EXPECT_EQ(std::get<spec::PortAddress>(start.machine.devices[0].address).port, 0x3f8);
  EXPECT_EQ(start.platform, sent.platform);
  EXPECT_EQ(start.c_bit_position, sent.c_bit_position);
  EXPECT_EQ(start.name, sent.name);
  EXPECT_EQ(start.console_timeout_seconds, sent.console_timeout_seconds);
  EXPECT_EQ(start.simulated.asid, 5U);
  EXPECT_EQ(start.simulated.es_asids, 6U);
  EXPECT_EQ(start.simulated.sev_asids, 7U);
  EXPECT_EQ(start.simulated.firmware_delay_ms_per_mib, 8U);
  EXPECT_EQ(start.simulated.snp_initialized, 1U);
  EXPECT_TRUE(start.keeps_panicked);
  ASSERT_EQ(frame.descriptors.size(), 11U);
  EXPECT_EQ(payload.kernel.fd, frame.descriptors[0].get());
  EXPECT_EQ(payload.initrd->fd, frame.descriptors[1].get());
  const spec::Serial& serial = *spec::serial_of(start.machine);
  EXPECT_EQ(serial.terminal_master, frame.descriptors[2].get());
  EXPECT_EQ(serial.terminal_slave, frame.descriptors[3].get());
  EXPECT_EQ(serial.log[1], frame.descriptors[5].get());
  EXPECT_EQ(serial.log[2], -1);
  EXPECT_EQ(start.kvm, frame.descriptors[6].get());
  EXPECT_EQ(start.end_file, frame.descriptors[9].get());
  EXPECT_EQ(start.simulated.asid_lock, frame.descriptors[10].get());
}

TEST(Codec, AnEntropyDeviceKeepsItsPlaceOnPci) {
  for (const std::uint8_t place : {spec::kFirstPciDevice, std::uint8_t{7}, spec::kLastPciDevice}) {
    const auto start = start_with({"rng0", spec::PciAddress{place}, spec::Entropy{}});
    ASSERT_TRUE(start);
    ASSERT_EQ(start->machine.devices.size(), 1U);
    const spec::DeviceDescription& device = start->machine.devices[0];
    EXPECT_EQ(device.id, "rng0");
    EXPECT_EQ(std::get<spec::PciAddress>(device.address).device, place);
    EXPECT_TRUE(std::holds_alternative<spec::Entropy>(device.kind));
    EXPECT_TRUE(spec::device_files(start->machine).empty());
  }
}

TEST(Codec, ADiskKeepsEveryField) {
  const UniqueFd null = open_null();
  spec::Disk disk;
  disk.image = {null.get(), "/images/root.raw"};
  disk.read_only = true;
  disk.discard = true;
  disk.threads = true;
  disk.serial = "0123456789abcdefghij";
  disk.flush = spec::Disk::Flush::kNever;
  disk.queues = 4;
  const auto start = start_with({"virtio-disk0", spec::PciAddress{3}, disk});
  ASSERT_TRUE(start);
  const auto& got = std::get<spec::Disk>(start->machine.devices.at(0).kind);
  EXPECT_EQ(spec::device_files(start->machine), (std::vector<int>{got.image.fd}));
  EXPECT_EQ(got.image.path, disk.image.path);
  EXPECT_TRUE(got.read_only && got.discard && got.threads);
  EXPECT_EQ(got.serial, disk.serial);
  EXPECT_EQ(got.flush, disk.flush);
  EXPECT_EQ(got.queues, 4);
}

TEST(Codec, AnInterfaceKeepsEveryField) {
  const UniqueFd null = open_null();
  spec::Interface interface;
  interface.mac = {2, 0, 0, 1, 2, 3};
  interface.mtu = 9000;
  interface.link_up = false;
  interface.taps = {null.get(), null.get()};
  interface.stream = null.get();
  const auto start = start_with({"net0", spec::PciAddress{3}, interface});
  ASSERT_TRUE(start);
  const auto& got = std::get<spec::Interface>(start->machine.devices.at(0).kind);
  EXPECT_EQ(got.mac, interface.mac);
  EXPECT_EQ(got.mtu, 9000);
  EXPECT_FALSE(got.link_up);
  EXPECT_EQ(got.taps.size(), 2U);
  EXPECT_EQ(spec::device_files(start->machine), (std::vector<int>{got.taps[0], got.taps[1], got.stream}));
}

TEST(Codec, PortsKeepEveryField) {
  const UniqueFd null = open_null();
  spec::Ports ports;
  ports.ports.push_back({"console1", 0, true, "", null.get(), null.get(), -1});
  ports.ports.push_back({"channel0", 7, false, "org.qemu.guest_agent.0", -1, -1, null.get()});
  const auto start = start_with({"virtio-serial0", spec::PciAddress{3}, ports});
  ASSERT_TRUE(start);
  const auto& got = std::get<spec::Ports>(start->machine.devices.at(0).kind).ports;
  ASSERT_EQ(got.size(), 2U);
  EXPECT_TRUE(got[0].console);
  EXPECT_EQ(got[0].id, "console1");
  EXPECT_FALSE(got[1].console);
  EXPECT_EQ(got[1].number, 7U);
  EXPECT_EQ(got[1].name, "org.qemu.guest_agent.0");
  EXPECT_EQ(got[1].terminal_master, -1);
  EXPECT_EQ(spec::device_files(start->machine),
            (std::vector<int>{got[0].terminal_master, got[0].terminal_slave, got[1].listener}));
}

TEST(Codec, APanicDeviceKeepsItsPlaceOnPci) {
  const auto start = start_with({"panic0", spec::PciAddress{4}, spec::Panic{}});
  ASSERT_TRUE(start);
  const spec::DeviceDescription& device = start->machine.devices.at(0);
  EXPECT_TRUE(std::holds_alternative<spec::Panic>(device.kind));
  EXPECT_EQ(std::get<spec::PciAddress>(device.address).device, 4);
}

TEST(Codec, MorePortsThanADeviceHasAreRefused) {
  spec::Ports ports;
  ports.ports.resize(machine::kMaxPorts + 1);
  EXPECT_FALSE(start_with({"virtio-serial0", spec::PciAddress{3}, ports}));
}

TEST(Codec, ADiskOrAnInterfaceWithTooMuchIsRefused) {
  const UniqueFd null = open_null();
  spec::Disk disk;
  disk.image = {null.get(), "/images/root.raw"};
  disk.serial = std::string(machine::kMaxDiskSerial + 1, 'x');
  EXPECT_FALSE(start_with({"virtio-disk0", spec::PciAddress{3}, disk}));
  spec::Interface interface;
  interface.taps = std::vector<int>(machine::kMaxQueuePairs, null.get());
  EXPECT_TRUE(start_with({"net0", spec::PciAddress{3}, interface}));
  interface.taps.push_back(null.get());
  EXPECT_FALSE(start_with({"net0", spec::PciAddress{3}, interface}));
}

TEST(Codec, APlaceThatPciDoesNotHaveIsRefused) {
  for (const std::uint8_t place : {0, 31, 255}) {
    EXPECT_FALSE(start_with({"rng0", spec::PciAddress{place}, spec::Entropy{}})) << unsigned{place};
  }
}

TEST(Codec, RegistersKeepTheirPlaces) {
  const auto decoded = decode_reply(received(encode(Reply(RegisterContent{sample_registers()}), 1)));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<RegisterContent>(*decoded).registers, sample_registers());
}

TEST(Codec, MoreMemoryThanOneWriteTakesIsRefused) {
  WriteMemory write;
  write.bytes.resize(kMaxMemoryWrite);
  EXPECT_TRUE(decode_request(received(encode(Request(write), 1))));
  write.bytes.resize(kMaxMemoryWrite + 1);
  EXPECT_FALSE(decode_request(received(encode(Request(write), 1))));
}

TEST(Codec, RepliesSurviveARoundTrip) {
  for (const Reply& reply : sample_replies()) {
    const OutgoingFrame outgoing = encode(reply, 9);
    const auto decoded = decode_reply(received(outgoing));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->index(), reply.index());
    EXPECT_EQ(encode(*decoded, 9).bytes, outgoing.bytes);
  }
}

TEST(Codec, AConsolesDescriptorIsTheReceiversOwn) {
  const UniqueFd null = open_null();
  std::optional<Frame> frame = received(encode(Reply(ConsoleMaster{null.get(), nullptr}), 1));
  const auto decoded = decode_reply(*frame);
  ASSERT_TRUE(decoded);
  const auto& console = std::get<ConsoleMaster>(*decoded);
  frame.reset();  // With the descriptor that came in it
  EXPECT_GE(::fcntl(console.descriptor, F_GETFD), 0);
}

TEST(Codec, EventsSurviveARoundTrip) {
  for (const Event& event : sample_events()) {
    const OutgoingFrame outgoing = encode(event);
    const auto decoded = decode_event(received(outgoing));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(encode(*decoded).bytes, outgoing.bytes);
  }
}

TEST(Codec, NoTruncatedRequestIsTakenForOne) {
  const UniqueFd null = open_null();
  for (const Request& request : sample_requests(null.get())) {
    Frame frame = received(encode(request, 1));
    const std::size_t version_2 = frame.payload.size() - bytes_since_version_2(request);
    while (!frame.payload.empty()) {
      frame.payload.pop_back();
      const auto decoded = decode_request(frame);
      ASSERT_EQ(decoded.has_value(), frame.payload.size() == version_2 && bytes_since_version_2(request) != 0)
          << "request " << frame.type << " cut to " << frame.payload.size();
      if (!decoded) {
        EXPECT_EQ(decoded.error(), DecodeError::kMalformed);
      }
    }
  }
}

TEST(Codec, NoTruncatedReplyOrEventIsTakenForOne) {
  for (const Reply& reply : sample_replies()) {
    Frame frame = received(encode(reply, 1));
    const std::set<std::size_t> older = older_lengths(reply, frame.payload.size());
    while (!frame.payload.empty()) {
      frame.payload.pop_back();
      EXPECT_EQ(decode_reply(frame).has_value(), older.contains(frame.payload.size()));
    }
  }
  for (const Event& event : sample_events()) {
    Frame frame = received(encode(event));
    while (!frame.payload.empty()) {
      frame.payload.pop_back();
      EXPECT_FALSE(decode_event(frame));
    }
  }
}

TEST(Codec, ADescriptorThatDidNotComeIsRefused) {
  const UniqueFd null = open_null();
  Frame frame = received(encode(Request(sample_start(null.get())), 1));
  frame.descriptors.pop_back();
  EXPECT_FALSE(decode_request(frame));
}

TEST(Codec, AFrameOfAnotherKindIsRefused) {
  EXPECT_EQ(decode_reply(received(encode(Request(Query{}), 1))).error(), DecodeError::kMalformed);
  EXPECT_EQ(decode_event(received(encode(Request(Query{}), 1))).error(), DecodeError::kMalformed);
  EXPECT_EQ(decode_request(received(encode(Event(ConsoleSilent{})))).error(), DecodeError::kMalformed);
}

TEST(Codec, AnEnumerationOutOfRangeIsRefused) {
  Frame frame = received(encode(Request(ReadMemory{}), 1));
  frame.payload[15] = 200;
  EXPECT_FALSE(decode_request(frame));
}

TEST(Codec, ACommandLineLongerThanAnyKernelTakesIsRefused) {
  const UniqueFd null = open_null();
  Start start = sample_start(null.get());
  std::get<spec::DirectBoot>(start.machine.boot).payload.command_line =
      std::string(machine::kLimits.command_line + 1, 'x');
  EXPECT_FALSE(decode_request(received(encode(Request(start), 1))));
}

TEST(Codec, AMachineOfEveryKindKeepsWhatItIs) {
  const UniqueFd null = open_null();
  const std::vector<sevcore::Protection> protections = {
      sevcore::Unprotected{}, sevcore::make_protection(sevcore::Policy(1)),
      sevcore::make_protection(sevcore::Policy(7)), sevcore::Snp{sevcore::SnpPolicy(0x30000), 0x21}};
  for (const sevcore::Protection& protection : protections) {
    Start start = sample_start(null.get());
    start.machine.protection = protection;
    start.machine.boot = spec::FirmwareBoot{{null.get(), "OVMF.fd"}, {}, {}};
    const auto decoded = decode_request(received(encode(Request(start), 1)));
    ASSERT_TRUE(decoded) << sevcore::name_of(protection);
    const spec::Machine& machine = std::get<Start>(*decoded).machine;
    EXPECT_EQ(machine.protection, protection) << sevcore::name_of(protection);
    EXPECT_EQ(std::get<spec::FirmwareBoot>(machine.boot).image.path, "OVMF.fd");
  }
}

TEST(Codec, MoreDevicesThanAMachineHasAreRefused) {
  const UniqueFd null = open_null();
  Start start = sample_start(null.get());
  start.machine.devices.resize(machine::kLimits.devices, start.machine.devices.front());
  start.machine.devices.resize(machine::kLimits.devices + machine::kMaxRootPorts,
                               {"port", spec::PciAddress{1}, spec::RootPort{1}});
  EXPECT_TRUE(decode_request(received(encode(Request(start), 1))));
  start.machine.devices.push_back(start.machine.devices.front());
  EXPECT_FALSE(decode_request(received(encode(Request(start), 1))));
}

TEST(Codec, AProtectionThatContradictsItsPolicyIsRefused) {
  const UniqueFd null = open_null();
  Start start = sample_start(null.get());
  start.machine.protection = sevcore::SevEs{sevcore::Policy(1), {}, sevcore::VmsaFlavour::kInit2};
  EXPECT_FALSE(decode_request(received(encode(Request(start), 1))));
}

TEST(Codec, ATextLongerThanAReaderTakesIsCut) {
  const auto decoded = decode_event(received(encode(Event(ConsoleSilent{std::string(1U << 20, 'x')}))));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<ConsoleSilent>(*decoded).text.size(), 64U << 10);
}

TEST(Codec, ATextWithANulIsCutThere) {
  const auto decoded = decode_event(received(encode(Event(ConsoleSilent{std::string("ab\0cd", 5)}))));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<ConsoleSilent>(*decoded).text, "ab");
}

}  // namespace
}  // namespace virtsev::control::test
