// SPDX-License-Identifier: LGPL-2.1-or-later
// The pages below the kernel that Linux reads when it is entered: boot_params (the "zero page"), the GDT, the
// BIOS data area, the secret's node, and the reset vector that it jumps to at the end.
#pragma once

#include <cstdint>
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

/// Real-mode code at F000:FFF0 that writes kResetValue to kResetPort. Under SEV-ES on hardware the port can't
/// be written from there, and the guest ends with a triple fault instead (not yet shown on hardware).
Bytes reset_vector_page();

/// A setup_data header, and zeros up to the page's end for the secret to come.
Bytes secret_page();

}  // namespace virtsev::boot
