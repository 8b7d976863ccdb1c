// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/linux/boot_params.hpp"

#include <algorithm>
#include <array>

#include "driver/boot/linux/entry_state.hpp"
#include "driver/boot/linux/setup_header.hpp"
#include "driver/boot/memory_layout.hpp"

namespace virtsev::boot {
namespace {

// Documentation/arch/x86/zero-page.rst
constexpr std::size_t kRsdpOffset = 0x070;
constexpr std::size_t kE820CountOffset = 0x1e8;
constexpr std::size_t kE820Offset = 0x2d0;
constexpr std::size_t kE820EntryBytes = 20;
/// "Undefined loader" (Documentation/arch/x86/boot.rst, type_of_loader).
constexpr std::uint8_t kUndefinedLoader = 0xff;

void put_memory_map(MutableBytes page, const std::vector<E820Entry>& map) {
  page[kE820CountOffset] = static_cast<std::uint8_t>(map.size());
  std::size_t at = kE820Offset;
  for (const E820Entry& entry : map) {
    put_le<std::uint64_t>(page, at, entry.start.value());
    put_le<std::uint64_t>(page, at + 8, entry.size);
    put_le<std::uint32_t>(page, at + 16, static_cast<std::uint32_t>(entry.type));
    at += kE820EntryBytes;
  }
}

}  // namespace

Bytes boot_params_page(const BootParams& parameters) {
  Bytes page(layout::kBootParams.size);
  std::copy(parameters.setup_header.begin(), parameters.setup_header.end(), page.begin() + setup::kStart);
  page[setup::kLoaderType] = kUndefinedLoader;
  page[setup::kLoadFlags] |= setup::kLoadedHigh;
  put_le<std::uint32_t>(page, setup::kCode32Start, static_cast<std::uint32_t>(layout::kKernel.value()));
  put_le<std::uint32_t>(page, setup::kRamdiskImage, static_cast<std::uint32_t>(parameters.initrd.value()));
  put_le<std::uint32_t>(page, setup::kRamdiskSize, static_cast<std::uint32_t>(parameters.initrd_size));
  put_le<std::uint32_t>(page, setup::kCommandLinePointer,
                        static_cast<std::uint32_t>(layout::kCommandLine.start.value()));
  put_le<std::uint64_t>(page, setup::kSetupData, layout::kSecret.start.value());
  put_le<std::uint64_t>(page, kRsdpOffset, parameters.rsdp.value());
  put_memory_map(page, parameters.memory);
  return page;
}

Bytes gdt_page() {
  Bytes page(layout::kGdt.size);
  // AMD APM volume 2, 4.7: limit 0xfffff in units of 4 KiB, 32-bit, present; accessed already, as the VMSA's
  // hidden state says.
  put_le<std::uint64_t>(page, kBootCodeSelector, 0x00cf9b000000ffff);
  put_le<std::uint64_t>(page, kBootDataSelector, 0x00cf93000000ffff);
  return page;
}

Bytes bios_data_area_page() {
  Bytes page(layout::kBiosDataArea.size);
  const std::uint64_t end = layout::kConventionalEnd.value();
  put_le<std::uint16_t>(page, 0x40e, static_cast<std::uint16_t>(end >> 4));
  put_le<std::uint16_t>(page, 0x413, static_cast<std::uint16_t>(end >> 10));
  return page;
}

Bytes reset_vector_page() {
  constexpr auto kPortLow = static_cast<std::uint8_t>(layout::kResetPort & 0xff);
  constexpr auto kPortHigh = static_cast<std::uint8_t>(layout::kResetPort >> 8);
  constexpr std::array<std::uint8_t, 9> kCode{
      0xba,      kPortLow,
      kPortHigh,                       // mov dx, kResetPort
      0xb0,      layout::kResetValue,  // mov al, kResetValue
      0xee,                            // out dx, al
      0xf4,                            // hlt
      0xeb,      0xfd,                 // jmp to the hlt
  };
  Bytes page(layout::kResetVector.size);
  std::copy(kCode.begin(), kCode.end(), page.begin() + layout::kResetVectorEntry);
  return page;
}

Bytes secret_page() {
  Bytes page(layout::kSecret.size);
  // struct setup_data: u64 next, u32 type, u32 len (Documentation/arch/x86/boot.rst, setup_data).
  put_le<std::uint32_t>(page, 8, kSecretNodeType);
  put_le<std::uint32_t>(page, 12, static_cast<std::uint32_t>(page.size() - layout::kSecretDataOffset));
  return page;
}

}  // namespace virtsev::boot
