// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/linux/boot_params.hpp"

#include <algorithm>
#include <array>

#include "driver/boot/linux/entry_state.hpp"
#include "driver/boot/linux/setup_header.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::boot {
namespace {

// Documentation/arch/x86/zero-page.rst
constexpr std::size_t kRsdpOffset = 0x070;
constexpr std::size_t kE820CountOffset = 0x1e8;
constexpr std::size_t kE820Offset = 0x2d0;
constexpr std::size_t kE820EntryBytes = 20;
/// "Undefined loader" (Documentation/arch/x86/boot.rst, type_of_loader).
constexpr std::uint8_t kUndefinedLoader = 0xff;

/// A termination request (0x100) with reason set 0xe, which nobody else uses, and reason 'R'.
constexpr std::uint32_t kResetRequest = 0x100 | 0xeU << 12 | std::uint32_t{'R'} << 16;

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

Bytes encrypted_reset_vector_page() {
  constexpr std::size_t kCodeOffset = 0xfd0;
  constexpr auto byte = [](unsigned number) {
    return static_cast<std::uint8_t>(kResetRequest >> 8 * number);
  };
  constexpr std::array<std::uint8_t, 24> kCode{
      0x66, 0xb9, 0x30,    0x01,    0x01,    0xc0,     // mov ecx, 0xc0010130: the GHCB register
      0x66, 0xb8, byte(0), byte(1), byte(2), byte(3),  // mov eax, kResetRequest
      0x66, 0x31, 0xd2,                                // xor edx, edx
      0x0f, 0x30,                                      // wrmsr
      0xf3, 0x0f, 0x01,    0xd9,                       // vmgexit
      0xf4,                                            // hlt
      0xeb, 0xfd,                                      // jmp to the hlt
  };
  // From 16 bytes below the address space's end: too few for all of it.
  constexpr std::size_t kJumpBytes = 2;
  constexpr auto kDistance =
      static_cast<std::uint8_t>(kCodeOffset - (layout::kResetVectorEntry + kJumpBytes));
  constexpr std::array<std::uint8_t, kJumpBytes> kJump{0xeb, kDistance};  // jmp kCode
  Bytes page(layout::kResetVector.size);
  std::copy(kCode.begin(), kCode.end(), page.begin() + kCodeOffset);
  std::copy(kJump.begin(), kJump.end(), page.begin() + layout::kResetVectorEntry);
  return page;
}

bool is_reset_request(std::uint64_t ghcb) {
  constexpr std::uint64_t kRequest = 0xffffff;
  return (ghcb & kRequest) == kResetRequest;
}

bool reboots_by_reset_vector(std::string_view command_line) {
  // As Linux reads it (kernel/reboot.c): the last way that is named counts.
  constexpr std::string_view kParameter = "reboot=";
  constexpr std::string_view kWays = "baktep";
  char way = 0;
  while (!command_line.empty()) {
    const std::string_view word = command_line.substr(0, command_line.find(' '));
    command_line.remove_prefix(std::min(command_line.size(), word.size() + 1));
    if (!word.starts_with(kParameter)) {
      continue;
    }
    std::string_view options = word.substr(kParameter.size());
    while (!options.empty()) {
      const std::string_view option = options.substr(0, options.find(','));
      options.remove_prefix(std::min(options.size(), option.size() + 1));
      if (!option.empty() && kWays.find(option.front()) != std::string_view::npos) {
        way = option.front();
      }
    }
  }
  return way == 'b';
}

Bytes secret_page() {
  Bytes page(layout::kSecret.size);
  // struct setup_data: u64 next, u32 type, u32 len (Documentation/arch/x86/boot.rst, setup_data).
  put_le<std::uint32_t>(page, 8, kSecretNodeType);
  put_le<std::uint32_t>(page, 12, static_cast<std::uint32_t>(page.size() - layout::kSecretDataOffset));
  return page;
}

}  // namespace virtsev::boot
