// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/control/machine_wire.hpp"

#include <algorithm>

#include "sevcore/machine/device_limits.hpp"

namespace virtsev::control::wire {
namespace {

/// What a variant holds, by number. The order of a variant's alternatives is private to the program; these
/// are the wire's.
enum class BootKind : std::uint32_t { kDirect = 1, kFirmware = 2 };
enum class ProtectionKind : std::uint32_t { kNone = 0, kSev = 1, kSevEs = 2, kSnp = 3 };
enum class DeviceKind : std::uint32_t {
  kSerial = 1,
  kEntropy = 2,
  kDisk = 3,
  kInterface = 4,
  kPorts = 5,
  kPanic = 6,
  kRootPort = 8
};

/// Writes a structure as opaque bytes, so that a reader finds its end.
template <typename Write>
void put_structure(xdr::Encoder& outer, const Write& write) {
  xdr::Encoder out;
  write(out);
  outer.put_opaque(out.bytes());
}

template <typename Read>
void get_structure(xdr::Decoder& outer, const Read& read) {
  const Bytes bytes = outer.get_opaque(kMaxStructure);
  xdr::Decoder in(bytes);
  read(in);
  if (!in.ok()) {
    outer.fail();
  }
}

std::uint16_t get_uint16(xdr::Decoder& in) {
  const std::uint32_t value = in.get_uint32();
  if (value > 0xffff) {
    in.fail();
  }
  return static_cast<std::uint16_t>(value);
}

void put_file(xdr::Encoder& out, DescriptorTable& table, const spec::File& file) {
  table.put(out, file.fd);
  out.put_string(file.path);
}

spec::File get_file(xdr::Decoder& in, const Frame& frame) {
  spec::File file;
  file.fd = get_descriptor(in, frame);
  file.path = in.get_string(kMaxPath);
  return file;
}

void put_payload(xdr::Encoder& out, DescriptorTable& table, const spec::Payload& payload) {
  put_file(out, table, payload.kernel);
  out.put_bool(payload.initrd.has_value());
  if (payload.initrd) {
    put_file(out, table, *payload.initrd);
  }
  out.put_string(payload.command_line);
}

spec::Payload get_payload(xdr::Decoder& in, const Frame& frame) {
  spec::Payload payload;
  payload.kernel = get_file(in, frame);
  if (in.get_bool()) {
    payload.initrd = get_file(in, frame);
  }
  payload.command_line = in.get_string(machine::kLimits.command_line);
  return payload;
}

void put_boot(xdr::Encoder& out, DescriptorTable& table, const spec::Boot& boot) {
  if (const auto* direct = std::get_if<spec::DirectBoot>(&boot)) {
    put_enum(out, BootKind::kDirect);
    put_payload(out, table, direct->payload);
    return;
  }
  const auto& firmware = std::get<spec::FirmwareBoot>(boot);
  put_enum(out, BootKind::kFirmware);
  put_file(out, table, firmware.image);
  out.put_bool(firmware.payload.has_value());
  if (firmware.payload) {
    put_payload(out, table, *firmware.payload);
  }
}

spec::Boot get_boot(xdr::Decoder& in, const Frame& frame) {
  if (get_enum(in, BootKind::kDirect, BootKind::kFirmware) == BootKind::kDirect) {
    return spec::DirectBoot{get_payload(in, frame)};
  }
  spec::FirmwareBoot firmware;
  firmware.image = get_file(in, frame);
  if (in.get_bool()) {
    firmware.payload = get_payload(in, frame);
  }
  return firmware;
}

void put_protection(xdr::Encoder& out, const sevcore::Protection& protection) {
  if (const auto* snp = std::get_if<sevcore::Snp>(&protection)) {
    put_enum(out, ProtectionKind::kSnp);
    out.put_uint64(snp->policy.value());
    out.put_uint64(snp->features);
    return;
  }
  if (!sevcore::is_protected(protection)) {
    put_enum(out, ProtectionKind::kNone);
    return;
  }
  put_enum(out, sevcore::encrypts_state(protection) ? ProtectionKind::kSevEs : ProtectionKind::kSev);
  out.put_uint32(sevcore::policy_of(protection)->value());
  const sevcore::LaunchOwner& owner = sevcore::owner_of(protection);
  out.put_opaque(owner.dh_certificate);
  out.put_opaque(owner.session);
  put_enum(out, sevcore::interface_of(protection));
}

sevcore::Protection get_protection(xdr::Decoder& in) {
  const ProtectionKind kind = get_enum(in, ProtectionKind::kNone, ProtectionKind::kSnp);
  if (kind == ProtectionKind::kNone) {
    return sevcore::Unprotected{};
  }
  if (kind == ProtectionKind::kSnp) {
    sevcore::Snp snp;
    snp.policy = sevcore::SnpPolicy(in.get_uint64());
    snp.features = in.get_uint64();
    return snp;
  }
  const sevcore::Policy policy(in.get_uint32());
  sevcore::LaunchOwner owner;
  owner.dh_certificate = in.get_opaque(kMaxBlob);
  owner.session = in.get_opaque(kMaxBlob);
  const auto flavour = get_enum(in, sevcore::VmsaFlavour::kInit2, sevcore::VmsaFlavour::kLegacy);
  sevcore::Protection protection = sevcore::make_protection(policy, std::move(owner), flavour);
  if (sevcore::encrypts_state(protection) != (kind == ProtectionKind::kSevEs)) {
    in.fail();  // The sender and the policy do not agree
  }
  return protection;
}

void put_serial(xdr::Encoder& out, DescriptorTable& table, const spec::Serial& serial) {
  table.put(out, serial.terminal_master);
  table.put(out, serial.terminal_slave);
  out.put_uint32(static_cast<std::uint32_t>(serial.log.size()));
  for (const int log : serial.log) {
    table.put(out, log);
  }
}

spec::Serial get_serial(xdr::Decoder& in, const Frame& frame) {
  spec::Serial serial;
  serial.terminal_master = get_descriptor(in, frame);
  serial.terminal_slave = get_descriptor(in, frame);
  const std::uint32_t logs = in.get_count(static_cast<std::uint32_t>(serial.log.size()));
  for (std::uint32_t i = 0; i < logs && i < serial.log.size(); ++i) {
    serial.log[i] = get_descriptor(in, frame);
  }
  return serial;
}

void put_disk(xdr::Encoder& outer, DescriptorTable& table, const spec::Disk& disk) {
  put_structure(outer, [&](xdr::Encoder& out) {
    put_file(out, table, disk.image);
    out.put_bool(disk.read_only);
    out.put_bool(disk.discard);
    out.put_bool(disk.threads);
    out.put_string(disk.serial);
    put_enum(out, disk.flush);
    out.put_uint32(disk.queues);
  });
}

spec::Disk get_disk(xdr::Decoder& outer, const Frame& frame) {
  spec::Disk disk;
  get_structure(outer, [&](xdr::Decoder& in) {
    disk.image = get_file(in, frame);
    disk.read_only = in.get_bool();
    disk.discard = in.get_bool();
    disk.threads = in.get_bool();
    disk.serial = in.get_string(machine::kMaxDiskSerial);
    disk.flush = get_enum(in, spec::Disk::Flush::kAsked, spec::Disk::Flush::kNever);
    disk.queues = get_uint16(in);
  });
  return disk;
}

void put_interface(xdr::Encoder& outer, DescriptorTable& table, const spec::Interface& interface) {
  put_structure(outer, [&](xdr::Encoder& out) {
    out.put_opaque(interface.mac);
    out.put_uint32(interface.mtu);
    out.put_bool(interface.link_up);
    out.put_uint32(static_cast<std::uint32_t>(interface.taps.size()));
    for (const int tap : interface.taps) {
      table.put(out, tap);
    }
    table.put(out, interface.stream);
  });
}

spec::Interface get_interface(xdr::Decoder& outer, const Frame& frame) {
  spec::Interface interface;
  get_structure(outer, [&](xdr::Decoder& in) {
    const Bytes mac = in.get_opaque(static_cast<std::uint32_t>(interface.mac.size()));
    if (mac.size() == interface.mac.size()) {
      std::copy(mac.begin(), mac.end(), interface.mac.begin());
    } else {
      in.fail();
    }
    interface.mtu = get_uint16(in);
    interface.link_up = in.get_bool();
    const std::uint32_t taps = in.get_count(std::uint32_t{machine::kMaxQueuePairs});
    for (std::uint32_t i = 0; i < taps && in.ok(); ++i) {
      interface.taps.push_back(get_descriptor(in, frame));
    }
    interface.stream = get_descriptor(in, frame);
  });
  return interface;
}

void put_ports(xdr::Encoder& outer, DescriptorTable& table, const spec::Ports& ports) {
  put_structure(outer, [&](xdr::Encoder& out) {
    out.put_uint32(static_cast<std::uint32_t>(ports.ports.size()));
    for (const spec::Ports::Port& port : ports.ports) {
      out.put_string(port.id);
      out.put_uint32(port.number);
      out.put_bool(port.console);
      out.put_string(port.name);
      table.put(out, port.terminal_master);
      table.put(out, port.terminal_slave);
      table.put(out, port.listener);
    }
  });
}

spec::Ports get_ports(xdr::Decoder& outer, const Frame& frame) {
  spec::Ports ports;
  get_structure(outer, [&](xdr::Decoder& in) {
    const std::uint32_t count = in.get_count(machine::kMaxPorts);
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
      spec::Ports::Port port;
      port.id = in.get_string(kMaxDeviceId);
      port.number = in.get_uint32();
      port.console = in.get_bool();
      port.name = in.get_string(machine::kMaxPortName);
      port.terminal_master = get_descriptor(in, frame);
      port.terminal_slave = get_descriptor(in, frame);
      port.listener = get_descriptor(in, frame);
      ports.ports.push_back(std::move(port));
    }
  });
  return ports;
}

/// The serial port's number; of all others the device's on the root bus, or from bit 8 on its root port's.
void put_address(xdr::Encoder& out, const spec::DeviceAddress& address) {
  if (const auto* port = std::get_if<spec::PortAddress>(&address)) {
    out.put_uint32(port->port);
    return;
  }
  const auto& pci = std::get<spec::PciAddress>(address);
  out.put_uint32(std::uint32_t{pci.port} << 8 | pci.device);
}

spec::DeviceAddress address_of(xdr::Decoder& in, DeviceKind kind, std::uint32_t number) {
  if (kind == DeviceKind::kSerial) {
    if (number > 0xffff) {
      in.fail();
    }
    return spec::PortAddress{static_cast<std::uint16_t>(number)};
  }
  const std::uint32_t port = number >> 8;
  if (port > 0 && port <= machine::kMaxRootPorts && (number & 0xff) == 0 && kind != DeviceKind::kRootPort) {
    return spec::PciAddress{0, static_cast<std::uint8_t>(port)};
  }
  if (number < spec::kFirstPciDevice || number > spec::kLastPciDevice) {
    in.fail();
  }
  return spec::PciAddress{static_cast<std::uint8_t>(number)};
}

spec::RootPort get_root_port(xdr::Decoder& in) {
  const std::uint32_t number = in.get_uint32();
  if (number == 0 || number > machine::kMaxRootPorts) {
    in.fail();
  }
  return {static_cast<std::uint8_t>(number)};
}

void write_device(xdr::Encoder& out, DescriptorTable& table, const spec::DeviceDescription& device) {
  out.put_string(device.id);
  put_address(out, device.address);
  if (const auto* serial = std::get_if<spec::Serial>(&device.kind)) {
    put_enum(out, DeviceKind::kSerial);
    put_serial(out, table, *serial);
  } else if (const auto* disk = std::get_if<spec::Disk>(&device.kind)) {
    put_enum(out, DeviceKind::kDisk);
    put_disk(out, table, *disk);
  } else if (const auto* interface = std::get_if<spec::Interface>(&device.kind)) {
    put_enum(out, DeviceKind::kInterface);
    put_interface(out, table, *interface);
  } else if (const auto* ports = std::get_if<spec::Ports>(&device.kind)) {
    put_enum(out, DeviceKind::kPorts);
    put_ports(out, table, *ports);
  } else if (std::holds_alternative<spec::Panic>(device.kind)) {
    put_enum(out, DeviceKind::kPanic);
  } else if (const auto* port = std::get_if<spec::RootPort>(&device.kind)) {
    put_enum(out, DeviceKind::kRootPort);
    out.put_uint32(port->number);
  } else {
    put_enum(out, DeviceKind::kEntropy);
  }
}

spec::DeviceDescription read_device(xdr::Decoder& in, const Frame& frame) {
  spec::DeviceDescription device;
  device.id = in.get_string(kMaxDeviceId);
  const std::uint32_t number = in.get_uint32();
  const auto kind = get_enum(in, DeviceKind::kSerial, DeviceKind::kRootPort);
  device.address = address_of(in, kind, number);
  if (kind == DeviceKind::kSerial) {
    device.kind = get_serial(in, frame);
  } else if (kind == DeviceKind::kDisk) {
    device.kind = get_disk(in, frame);
  } else if (kind == DeviceKind::kInterface) {
    device.kind = get_interface(in, frame);
  } else if (kind == DeviceKind::kPorts) {
    device.kind = get_ports(in, frame);
  } else if (kind == DeviceKind::kPanic) {
    device.kind = spec::Panic{};
  } else if (kind == DeviceKind::kRootPort) {
    device.kind = get_root_port(in);
  } else if (kind == DeviceKind::kEntropy) {
    device.kind = spec::Entropy{};
  } else {
    in.fail();
  }
  return device;
}

}  // namespace

void put_device(xdr::Encoder& outer, DescriptorTable& table, const spec::DeviceDescription& device) {
  put_structure(outer, [&](xdr::Encoder& out) { write_device(out, table, device); });
}

spec::DeviceDescription get_device(xdr::Decoder& outer, const Frame& frame) {
  spec::DeviceDescription device;
  get_structure(outer, [&](xdr::Decoder& in) { device = read_device(in, frame); });
  return device;
}

void put_machine(xdr::Encoder& outer, DescriptorTable& table, const spec::Machine& machine) {
  put_structure(outer, [&](xdr::Encoder& out) {
    put_enum(out, machine.version);
    out.put_uint64(machine.memory_bytes);
    out.put_uint32(machine.vcpus);
    out.put_bool(machine.cpu.signature.has_value());
    out.put_uint32(machine.cpu.signature.value_or(0));
    put_structure(out, [&](xdr::Encoder& boot) { put_boot(boot, table, machine.boot); });
    put_structure(out, [&](xdr::Encoder& protection) { put_protection(protection, machine.protection); });
    out.put_uint32(static_cast<std::uint32_t>(machine.devices.size()));
    for (const spec::DeviceDescription& device : machine.devices) {
      put_device(out, table, device);
    }
  });
}

spec::Machine get_machine(xdr::Decoder& outer, const Frame& frame) {
  spec::Machine machine;
  get_structure(outer, [&](xdr::Decoder& in) {
    machine.version = get_enum(in, machine::Version::kQ35_1_0, machine::Version::kQ35_1_0);
    machine.memory_bytes = in.get_uint64();
    machine.vcpus = in.get_uint32();
    const bool has_signature = in.get_bool();
    const std::uint32_t signature = in.get_uint32();
    if (has_signature) {
      machine.cpu.signature = signature;
    }
    get_structure(in, [&](xdr::Decoder& boot) { machine.boot = get_boot(boot, frame); });
    get_structure(in, [&](xdr::Decoder& one) { machine.protection = get_protection(one); });
    const std::uint32_t devices =
        in.get_count(static_cast<std::uint32_t>(machine::kLimits.devices) + machine::kMaxRootPorts);
    for (std::uint32_t i = 0; i < devices && in.ok(); ++i) {
      machine.devices.push_back(get_device(in, frame));
    }
  });
  return machine;
}

}  // namespace virtsev::control::wire
