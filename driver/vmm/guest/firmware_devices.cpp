// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/guest/firmware_devices.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "driver/boot/acpi/firmware_tables.hpp"
#include "driver/boot/files/file_size.hpp"
#include "driver/boot/linux/e820.hpp"
#include "driver/boot/linux/setup_header.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {
namespace {

template <typename Number>
Bytes number(Number value) {
  Bytes bytes;
  append_le<Number>(bytes, value);
  return bytes;
}

/// Where RAM is. All else firmware knows by itself.
Bytes memory_map(std::uint64_t memory_bytes) {
  Bytes map;
  for (const layout::Window& ram : {layout::low_ram(memory_bytes), layout::high_ram(memory_bytes)}) {
    if (ram.size > 0) {
      append_le<std::uint64_t>(map, ram.start.value());
      append_le<std::uint64_t>(map, ram.size);
      append_le<std::uint32_t>(map, static_cast<std::uint32_t>(boot::E820Type::kRam));
    }
  }
  return map;
}

std::string unit_of(std::uint8_t slot) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::string last(1, kDigits[slot % kDigits.size()]);
  return slot < kDigits.size() ? last : kDigits[slot / kDigits.size()] + last;
}

/// As OpenFirmware names its place, with the bridge that it is behind.
std::string path_of(const spec::Machine& machine, const spec::PciAddress& address, const char* kind) {
  std::string path = "/pci@i0cf8/";
  for (const spec::DeviceDescription& device : machine.devices) {
    const auto* port = std::get_if<spec::RootPort>(&device.kind);
    if (port != nullptr && address.port != 0 && port->number == address.port) {
      path += "pci-bridge@" + unit_of(std::get<spec::PciAddress>(device.address).device) + "/";
    }
  }
  return path + kind + "@" + unit_of(address.device);
}

/// What firmware tries, in this order, by paths of OpenFirmware as QEMU has them (docs/bootindex.rst): the
/// disks, then the networks, as the definition has them. All else it leaves out.
Bytes boot_order(const spec::Machine& machine) {
  std::string disks;
  std::string networks;
  for (const spec::DeviceDescription& device : machine.devices) {
    if (std::holds_alternative<spec::Disk>(device.kind)) {
      disks += path_of(machine, std::get<spec::PciAddress>(device.address), "scsi") + "/disk@0,0\n";
    } else if (std::holds_alternative<spec::Interface>(device.kind)) {
      networks +=
          path_of(machine, std::get<spec::PciAddress>(device.address), "ethernet") + "/ethernet-phy@0\n";
    }
  }
  const std::string order = disks + networks;
  if (order.empty()) {
    return {};
  }
  const ByteView text = bytes_of(order);
  Bytes bytes(text.begin(), text.end());
  bytes.push_back(0);
  return bytes;
}

void add_tables(FwCfgOptions& options, const spec::Machine& machine) {
  const std::uint32_t vcpus = machine.vcpus;
  const auto make = [vcpus, memory = machine.memory_bytes](GuestAddress configuration) {
    return boot::acpi::firmware_tables(vcpus, {configuration, memory});
  };
  const auto size = static_cast<std::uint32_t>(make(layout::kPciEcam.start).size());
  options.files.emplace_back(boot::acpi::kTablesFile, FwCfgMade{size, make});
  options.files.emplace_back(boot::acpi::kRsdpFile, boot::acpi::firmware_rsdp(vcpus));
  options.files.emplace_back(boot::acpi::kLoaderFile, boot::acpi::firmware_loader(vcpus));
}

std::shared_ptr<const UniqueFd> copy_of(const spec::File& file) {
  UniqueFd copy(::fcntl(file.fd, F_DUPFD_CLOEXEC, 0));
  if (!copy) {
    throw Error(ErrorCode::kInternal, text("'{}': {}", file.path, std::strerror(errno)));
  }
  return std::make_shared<const UniqueFd>(std::move(copy));
}

/// Bytes of a file before a bzImage's protected-mode part; no more than there are.
std::uint64_t setup_bytes(const UniqueFd& kernel, std::uint64_t size) {
  std::uint8_t sectors = 0;
  if (::pread(kernel.get(), &sectors, 1, boot::setup::kSetupSectors) != 1) {
    sectors = 0;
  }
  return std::min(boot::setup::size_of_setup(sectors), size);
}

void add_file(FwCfgOptions& options, FwCfg::Item size, FwCfg::Item content, const FwCfgFilePart& part) {
  options.items[size] = number(static_cast<std::uint32_t>(part.size));
  options.items[content] = part;
}

/// As QEMU hands a kernel to firmware (QEMU 7.2, hw/i386/x86.c, x86_load_linux()): in two parts, which it
/// hashes as one, unchanged.
void add_payload(FwCfgOptions& options, const spec::Payload& payload) {
  const auto kernel = copy_of(payload.kernel);
  const std::uint64_t size = boot::size_of(payload.kernel);
  const std::uint64_t setup = setup_bytes(*kernel, size);
  add_file(options, FwCfg::kSetupSize, FwCfg::kSetup, {kernel, 0, setup});
  add_file(options, FwCfg::kKernelSize, FwCfg::kKernel, {kernel, setup, size - setup});
  if (payload.initrd) {
    add_file(options, FwCfg::kInitrdSize, FwCfg::kInitrd,
             {copy_of(*payload.initrd), 0, boot::size_of(*payload.initrd)});
  }
  const ByteView line = bytes_of(payload.command_line);
  Bytes ended(line.begin(), line.end());
  ended.push_back(0);
  options.items[FwCfg::kCommandLineSize] = number(static_cast<std::uint32_t>(ended.size()));
  options.items[FwCfg::kCommandLine] = std::move(ended);
}

FwCfgOptions configuration_of(const spec::Machine& machine, const spec::FirmwareBoot& boot) {
  FwCfgOptions options;
  const auto vcpus = static_cast<std::uint16_t>(machine.vcpus);
  options.items[FwCfg::kVcpus] = number(vcpus);
  options.items[FwCfg::kMaxVcpus] = number(vcpus);
  options.items[FwCfg::kBootMenu] = number(std::uint16_t{0});
  options.files.emplace_back("etc/e820", memory_map(machine.memory_bytes));
  if (Bytes order = boot_order(machine); !order.empty()) {
    options.files.emplace_back("bootorder", std::move(order));
  }
  add_tables(options, machine);
  if (boot.payload) {
    add_payload(options, *boot.payload);
  }
  return options;
}

}  // namespace

std::vector<DeviceOptions> firmware_devices(const spec::Machine& machine) {
  const auto* boot = std::get_if<spec::FirmwareBoot>(&machine.boot);
  if (boot == nullptr) {
    return {};
  }
  return {LpcBridgeOptions{}, PmTimerOptions{}, configuration_of(machine, *boot)};
}

}  // namespace virtsev::vmm
