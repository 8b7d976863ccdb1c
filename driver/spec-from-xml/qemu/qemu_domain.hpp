// SPDX-License-Identifier: LGPL-2.1-or-later
// libvirt's domain XML of a guest that QEMU starts through firmware: what of it reaches the launch digest.
// All else is passed over, as it is not virtsev that has to run it.
#pragma once

#include "domain-xml/xml/document.hpp"
#include "driver/spec-from-xml/qemu/firmware_guest.hpp"

namespace virtsev::spec {

/// True where the domain boots firmware, which virtsev starts no guest with.
bool boots_firmware(const xmlDoc& document);

/// What the guest's owner gives in the place of what the XML has: own copies of its files, what is known of
/// the host. Empty, 0 or none: as the XML says.
struct OwnersValues {
  std::string firmware;
  std::string kernel;
  std::string initrd;
  std::optional<std::string> command_line;
  std::uint32_t vcpus = 0;
  std::optional<std::uint32_t> cpu_signature;
  std::optional<ByteArray<32>> firmware_digest;
  std::optional<std::uint64_t> guest_features;  ///< SEV_FEATURES, SEV-SNP only
};

struct QemuMachine {
  OpenedMachine opened;
  bool variables_of_host = false;  ///< <nvram>: firmware that reads variables which the host keeps
};

/// As QEMU starts it: <loader>, <kernel>, <initrd>, <cmdline>, <vcpu>, <cpu><model>, <launchSecurity>. Throws
/// Error naming the element or option at fault: a kernel without kernelHashes='yes' among them, which nothing
/// would measure.
QemuMachine open_qemu_domain(const xmlDoc& document, const OwnersValues& values);

}  // namespace virtsev::spec
