// SPDX-License-Identifier: LGPL-2.1-or-later
// Firmware volumes, put together from the inside out.
#pragma once

#include <cstdint>
#include <vector>

#include "sevcore/base/bytes.hpp"

namespace virtsev::boot::ovmf::test {

inline constexpr std::uint8_t kPe32 = 0x10;
inline constexpr std::uint8_t kVolumeImage = 0x17;
inline constexpr std::uint8_t kDriver = 0x07;

Bytes section(std::uint8_t type, ByteView content);
Bytes guided_section(const char* guid, std::uint16_t attributes, ByteView content);
/// Sections, one after the other, at multiples of 4 bytes.
Bytes join(const std::vector<Bytes>& sections);

/// A stream of LZMA's first format, its length in the header, as edk2's tool writes it.
Bytes lzma(ByteView content);
/// Sections, packed.
Bytes lzma_section(ByteView sections);

/// `state`: what its last byte is, of a flash whose bits are 1 where nobody wrote.
Bytes file(std::uint8_t type, ByteView content, std::uint8_t state = 0xf8);
/// Of `size` bytes, the end free. `size` 0: as long as its files.
Bytes volume(const std::vector<Bytes>& files, std::size_t size = 0);

/// "Code" that holds these GUIDs.
Bytes code_with(const std::vector<const char*>& guids);
/// A driver with code that looks for the three hashes; in a volume in a packed section in a volume, as OVMF
/// is built.
Bytes volume_that_checks_hashes(std::size_t size);

}  // namespace virtsev::boot::ovmf::test
