// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/spec-from-xml/virtsev/open_machine.hpp"

#include "driver/boot/ovmf/firmware_boot.hpp"
#include "driver/spec-from-xml/open_file.hpp"
#include "driver/spec-from-xml/virtsev/choose_firmware.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::spec {
namespace {

machine::Version version_of(const std::string& name) {
  if (const auto version = machine::version_named(name)) {
    return *version;
  }
  throw Error(ErrorCode::kConfigUnsupported,
              text("<os><type>: this version of virtsev does not have the machine '{}'; it has '{}'", name,
                   machine::kQ35_1_0));
}

Payload open_payload(const domain_xml::OsDefinition& os, OpenedMachine& opened) {
  Payload payload;
  payload.command_line = os.command_line;
  payload.kernel = opened.keep(open_file("<os><kernel>", os.kernel), os.kernel);
  if (!os.initrd.empty()) {
    payload.initrd = opened.keep(open_file("<os><initrd>", os.initrd), os.initrd);
  }
  return payload;
}

/// `named`: the image that the definition names; empty: it leaves the choice to the host.
FirmwareBoot open_firmware(const std::string& named, const sevcore::Protection& protection,
                           OpenedMachine& opened) {
  const std::string path = named.empty() ? choose_firmware(protection) : named;
  FirmwareBoot boot{opened.keep(open_file("<os><loader>", path), path)};
  if (!named.empty()) {
    check_firmware(boot.image, protection);
  }
  return boot;
}

/// Debian 12's OVMF takes GRUB from the disk with 4, and finds no disk with 8, without a word; why is not
/// known.
constexpr std::size_t kMostRootPortsWithFirmware = 4;

void check_root_ports(std::size_t count) {
  if (count > kMostRootPortsWithFirmware) {
    throw Error(
        ErrorCode::kConfigUnsupported,
        text("<devices>: firmware finds the guest's disks with at most {} slots for hot-plug, and this "
             "guest has {}; remove <controller type='pci' model='pcie-root-port'/> until there are "
             "{} (`virsh edit`)",
             kMostRootPortsWithFirmware, count, kMostRootPortsWithFirmware));
  }
}

}  // namespace

OpenedMachine open_machine(const domain_xml::DomainDefinition& definition) {
  if (!definition.reason_against_start.empty()) {
    throw Error(ErrorCode::kConfigUnsupported, definition.reason_against_start);
  }
  OpenedMachine opened;
  Machine& machine = opened.machine;
  machine.version = version_of(definition.os.machine);
  machine.memory_bytes = round_up(definition.memory_bytes, kPageSize);
  machine.vcpus = definition.vcpus;
  machine.protection = domain_xml::protection_of(definition);
  std::optional<Payload> payload;
  if (!definition.os.kernel.empty()) {
    payload = open_payload(definition.os, opened);
  }
  if (payload && definition.os.loader.empty()) {
    machine.boot = DirectBoot{std::move(*payload)};
    return opened;
  }
  check_root_ports(definition.root_ports.size());
  FirmwareBoot firmware = open_firmware(definition.os.loader, machine.protection, opened);
  firmware.payload = std::move(payload);
  boot::ovmf::check_hashes_are_enforced(firmware);
  machine.boot = std::move(firmware);
  return opened;
}

}  // namespace virtsev::spec
