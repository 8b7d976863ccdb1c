// SPDX-License-Identifier: LGPL-2.1-or-later
// The table that OVMF images end with, which tells a VMM where in guest memory things go.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/result.hpp"

namespace virtsev::boot::ovmf {

/// A range of guest memory, in bytes; both 0 where the image was built without it.
struct Block {
  std::uint32_t base = 0;
  std::uint32_t size = 0;
  friend bool operator==(const Block&, const Block&) = default;
};

/// What SEV needs of the table; entries of other kinds are skipped.
struct Footer {
  std::optional<std::uint32_t> reset_address;  ///< Where vCPUs but the first begin, for SEV-ES
  std::optional<Block> secret;
  std::optional<Block> kernel_hashes;
  std::optional<std::uint32_t> snp_sections;  ///< Bytes from the image's end back to them: snp_sections.hpp
};

enum class FooterFault : std::uint8_t { kNone, kBroken };

/// The table's greatest size, and what follows it: all of an image's end that parse_footer() looks at.
inline constexpr std::size_t kFooterBytes = 0xffff + 32;

/// Reads the table from the last bytes of an image (edk2, OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.asm): it
/// ends 32 bytes before the image does, with its GUID behind its length; entries are read from its end
/// backwards, each its data, a length of 16 bits, a GUID. All little-endian.
Result<Footer, FooterFault> parse_footer(ByteView image_end);

/// For the user, with the image's path.
std::string explain(FooterFault fault, const std::string& path);

}  // namespace virtsev::boot::ovmf
