// SPDX-License-Identifier: LGPL-2.1-or-later
// The pages below the kernel that Linux reads when it is entered: boot_params (the "zero page"), the GDT, the
// BIOS data area, the secret's node, and the reset vector that it jumps to at the end.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "driver/boot/linux/e820.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guest_address.hpp"

namespace virtsev::boot {

/// The type of the secret's setup_data node: "SEVS". Linux keeps nodes of types that it does not know, and
/// shows them in /sys/kernel/boot_params/setup_data.
inline constexpr std::uint32_t kSecretNodeType = 0x53564553;

struct BootParams {
  Bytes setup_header;  ///< The kernel's own, from 0x1f1
  GuestAddress initrd;
  std::uint64_t initrd_size = 0;  ///< Bytes; 0: none
  GuestAddress rsdp;
  std::vector<E820Entry> memory;
};

/// One page. Everything that is not named here is zero, the sentinel byte at 0x1ef too.
Bytes boot_params_page(const BootParams& parameters);

/// The flat segments that the boot protocol asks for: code at 0x10, data at 0x18, 4 GiB each.
Bytes gdt_page();

/// Where conventional memory ends, in the two words that Linux reads (segment of the extended BIOS data area
/// at 0x40e, KiB at 0x413).
Bytes bios_data_area_page();

/// Real-mode code at F000:FFF0 that writes kResetValue to kResetPort.
Bytes reset_vector_page();

/// The same for SEV-ES, not yet shown on hardware: a port can't be written there without a handler of #VC,
/// and in real mode there is none (its vector is 0:0, from where the guest would run through its memory). The
/// code asks for its end by the GHCB register instead (GHCB specification, 2.3.1), with a reason of our own.
Bytes encrypted_reset_vector_page();
/// Whether that is what a guest asks for: the value of its GHCB register.
bool is_reset_request(std::uint64_t ghcb);

/// Whether a command line has Linux reboot by the reset vector ("reboot=b"). Left alone, Linux writes the
/// ACPI tables' reset register, which works under SEV-ES, too; so what is measured of all other guests is as
/// it was.
bool reboots_by_reset_vector(std::string_view command_line);

/// A setup_data header, and zeros up to the page's end for the secret to come.
Bytes secret_page();

}  // namespace virtsev::boot
