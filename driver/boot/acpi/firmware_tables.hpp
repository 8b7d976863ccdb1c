// SPDX-License-Identifier: LGPL-2.1-or-later
// The ACPI tables of a machine that firmware starts: the same as a direct boot's, but for what firmware
// decides, and with the commands by which it puts them into memory. Nobody measures them.
#pragma once

#include <cstdint>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guest_address.hpp"

namespace virtsev::boot::acpi {

/// What firmware has decided.
struct FirmwareChoice {
  GuestAddress configuration;      ///< Where PCI configuration space begins
  std::uint64_t memory_bytes = 0;  ///< Of the guest: what is left for BARs
};

/// Files of fw_cfg by their names there. Their sizes do not depend on the choice.
inline constexpr const char* kTablesFile = "etc/acpi/tables";
inline constexpr const char* kRsdpFile = "etc/acpi/rsdp";
inline constexpr const char* kLoaderFile = "etc/table-loader";

/// DSDT, FADT, MADT, MCFG and XSDT; addresses count from the file's beginning until the loader's commands add
/// where it lies.
Bytes firmware_tables(std::uint32_t vcpus, const FirmwareChoice& choice);
Bytes firmware_rsdp(std::uint32_t vcpus);
/// QEMU's commands (QEMU 7.2, hw/acpi/bios-linker-loader.c; edk2, OvmfPkg/AcpiPlatformDxe/QemuLoader.h), 128
/// bytes each.
Bytes firmware_loader(std::uint32_t vcpus);

}  // namespace virtsev::boot::acpi
