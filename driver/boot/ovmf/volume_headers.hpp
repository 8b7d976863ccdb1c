// SPDX-License-Identifier: LGPL-2.1-or-later
// The headers of firmware volumes, of their files and of those files' sections (UEFI Platform Initialization
// specification, volume 3, chapters 2 and 3). All numbers are little-endian; nothing parsed here reaches
// beyond the bytes that it was parsed from.
#pragma once

#include <cstdint>
#include <optional>

#include "sevcore/base/bytes.hpp"

namespace virtsev::boot::ovmf {

struct VolumeHeader {
  std::uint64_t length = 0;     ///< Of the whole volume; no more than there is
  std::uint64_t files_at = 0;   ///< Where the first file is; no more than `length`
  bool has_files = false;       ///< False for another file system: variables, for example
  bool erased_to_ones = false;  ///< What bits are that nobody wrote
};

/// Nothing where these bytes do not begin with a volume, whose header has a checksum.
std::optional<VolumeHeader> parse_volume(ByteView bytes);

struct FileHeader {
  std::uint64_t length = 0;      ///< With the header; no more than there is
  std::uint64_t content_at = 0;  ///< No more than `length`
  bool has_sections = false;     ///< False for raw data, padding, and files that were deleted
};

/// Nothing where these bytes do not begin with a file: where free space begins, or where it is damaged.
std::optional<FileHeader> parse_file(ByteView bytes, bool erased_to_ones);

/// True where nobody wrote here: nothing is left out where a volume's files end.
bool is_free(ByteView bytes, bool erased_to_ones);

enum class SectionKind : std::uint8_t { kLeaf, kSections, kLzma, kUnknownPacking, kVolume };

struct SectionHeader {
  std::uint64_t length = 0;      ///< With the header; no more than there is
  std::uint64_t content_at = 0;  ///< No more than `length`
  SectionKind kind = SectionKind::kLeaf;
};

std::optional<SectionHeader> parse_section(ByteView bytes);

}  // namespace virtsev::boot::ovmf
