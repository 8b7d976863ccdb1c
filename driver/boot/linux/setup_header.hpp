// SPDX-License-Identifier: LGPL-2.1-or-later
// Offsets in a bzImage's first sectors, which are those of boot_params as well
// (Documentation/arch/x86/boot.rst and zero-page.rst).
#pragma once

#include <cstddef>
#include <cstdint>

namespace virtsev::boot::setup {

inline constexpr std::size_t kStart = 0x1f1;  ///< The header copied into boot_params starts here
inline constexpr std::size_t kSetupSectors = 0x1f1;
inline constexpr std::size_t kSysSize = 0x1f4;             ///< u32, units of 16 bytes
inline constexpr std::size_t kBootFlag = 0x1fe;            ///< u16, 0xAA55
inline constexpr std::size_t kJumpDistance = 0x201;        ///< u8: the header ends at 0x202 plus this
inline constexpr std::size_t kMagic = 0x202;               ///< "HdrS"
inline constexpr std::size_t kVersion = 0x206;             ///< u16
inline constexpr std::size_t kLoaderType = 0x210;          ///< u8
inline constexpr std::size_t kLoadFlags = 0x211;           ///< u8
inline constexpr std::size_t kCode32Start = 0x214;         ///< u32
inline constexpr std::size_t kRamdiskImage = 0x218;        ///< u32
inline constexpr std::size_t kRamdiskSize = 0x21c;         ///< u32
inline constexpr std::size_t kCommandLinePointer = 0x228;  ///< u32
inline constexpr std::size_t kInitrdAddressMax = 0x22c;    ///< u32, the last address
inline constexpr std::size_t kKernelAlignment = 0x230;     ///< u32
inline constexpr std::size_t kRelocatable = 0x234;         ///< u8
inline constexpr std::size_t kXLoadFlags = 0x236;          ///< u16
inline constexpr std::size_t kCommandLineSize = 0x238;     ///< u32, without the NUL
inline constexpr std::size_t kSetupData = 0x250;           ///< u64
inline constexpr std::size_t kPreferredAddress = 0x258;    ///< u64
inline constexpr std::size_t kInitSize = 0x260;            ///< u32
/// What protocol 2.12 knows ends here; no header is shorter.
inline constexpr std::size_t kSmallestEnd = 0x268;
/// In boot_params, other fields follow the header here.
inline constexpr std::size_t kLargestEnd = 0x290;

/// Bytes before the protected-mode part, by what stands at kSetupSectors: the boot sector and as many more, 4
/// for 0 (boot.rst, setup_sects).
constexpr std::uint64_t size_of_setup(std::uint8_t sectors) {
  constexpr std::uint64_t kSectorBytes = 512;
  return (1 + (sectors == 0 ? 4 : sectors)) * kSectorBytes;
}

inline constexpr std::uint16_t kBootFlagValue = 0xaa55;
inline constexpr std::uint16_t kOldestProtocol = 0x020c;  ///< 2.12, Linux 3.8: the first with xloadflags
inline constexpr std::uint8_t kLoadedHigh = 1U << 0;      ///< loadflags
inline constexpr std::uint16_t kXlf64Bit = 1U << 0;       ///< xloadflags

}  // namespace virtsev::boot::setup
