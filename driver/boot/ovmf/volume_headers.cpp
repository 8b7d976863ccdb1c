// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/ovmf/volume_headers.hpp"

#include <algorithm>

#include "sevcore/base/guid.hpp"

namespace virtsev::boot::ovmf {
namespace {

constexpr Guid kFileSystem2 = *parse_guid("8c8ce578-8a3d-4f1c-9935-896185c32dd3");
constexpr Guid kFileSystem3 = *parse_guid("5473c07a-3dcb-4dca-bd6f-1e9689e7349a");
constexpr Guid kLzma = *parse_guid("ee4e5898-3914-4259-9d6e-dc7bd79403cf");

constexpr std::size_t kVolumeHeader = 56;  ///< Without its block map
constexpr std::size_t kFileHeader = 24;
constexpr std::size_t kLargeFileHeader = 32;

Guid guid_at(ByteView bytes, std::size_t at) {
  Guid guid;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), guid.bytes.size(), guid.bytes.begin());
  return guid;
}

std::uint32_t get_le24(ByteView bytes, std::size_t at) {
  return get_le<std::uint16_t>(bytes, at) | static_cast<std::uint32_t>(bytes[at + 2]) << 16;
}

/// Its 16-bit words add up to 0. `header` has an even length.
bool sums_to_zero(ByteView header) {
  std::uint16_t sum = 0;
  for (std::size_t at = 0; at < header.size(); at += 2) {
    sum = static_cast<std::uint16_t>(sum + get_le<std::uint16_t>(header, at));
  }
  return sum == 0;
}

/// Behind the header, or behind the second one, which names the volume.
std::optional<std::uint64_t> first_file_at(ByteView volume, std::uint16_t header_length) {
  const auto second = get_le<std::uint16_t>(volume, 52);
  std::uint64_t at = header_length;
  if (second != 0) {
    if (volume.size() < second + 20ULL) {
      return std::nullopt;
    }
    at = second + std::uint64_t{get_le<std::uint32_t>(volume, second + 16ULL)};
  }
  at = round_up(at, 8);
  return at <= volume.size() ? std::optional(at) : std::nullopt;
}

}  // namespace

std::optional<VolumeHeader> parse_volume(ByteView bytes) {
  constexpr std::uint32_t kSignature = 0x4856465f;  // "_FVH"
  constexpr std::uint32_t kErasedToOnes = 0x800;
  if (bytes.size() < kVolumeHeader || get_le<std::uint32_t>(bytes, 40) != kSignature) {
    return std::nullopt;
  }
  const auto length = get_le<std::uint64_t>(bytes, 32);
  const auto header_length = get_le<std::uint16_t>(bytes, 48);
  if (header_length < kVolumeHeader || header_length % 2 != 0 || length < header_length ||
      length > bytes.size() || !sums_to_zero(bytes.first(header_length))) {
    return std::nullopt;
  }
  const Guid file_system = guid_at(bytes, 16);
  const auto files_at = first_file_at(bytes.first(length), header_length);
  if (!files_at) {
    return std::nullopt;
  }
  return VolumeHeader{length, *files_at, file_system == kFileSystem2 || file_system == kFileSystem3,
                      (get_le<std::uint32_t>(bytes, 44) & kErasedToOnes) != 0};
}

std::optional<FileHeader> parse_file(ByteView bytes, bool erased_to_ones) {
  constexpr std::uint8_t kRaw = 0x01;
  constexpr std::uint8_t kPadding = 0xf0;
  constexpr std::uint8_t kLarge = 0x01;
  constexpr std::uint8_t kDataValid = 0x04;
  constexpr std::uint8_t kDeletedOrWorse = 0x30;
  if (bytes.size() < kFileHeader || is_free(bytes.first(kFileHeader), erased_to_ones)) {
    return std::nullopt;
  }
  const std::uint8_t type = bytes[18];
  const bool large = (bytes[19] & kLarge) != 0;
  if (large && bytes.size() < kLargeFileHeader) {
    return std::nullopt;
  }
  FileHeader file;
  file.content_at = large ? kLargeFileHeader : kFileHeader;
  file.length = large ? get_le<std::uint64_t>(bytes, kFileHeader) : get_le24(bytes, 20);
  if (file.length < file.content_at || file.length > bytes.size()) {
    return std::nullopt;
  }
  // Bits are turned over one after the other, as a flash can.
  const auto state = static_cast<std::uint8_t>(erased_to_ones ? ~bytes[23] : bytes[23]);
  file.has_sections = (state & kDataValid) != 0 && (state & kDeletedOrWorse) == 0 && type != 0 &&
                      type != kRaw && type != kPadding;
  return file;
}

bool is_free(ByteView bytes, bool erased_to_ones) {
  const std::uint8_t erased = erased_to_ones ? 0xff : 0;
  return std::all_of(bytes.begin(), bytes.end(), [&](std::uint8_t byte) { return byte == erased; });
}

std::optional<SectionHeader> parse_section(ByteView bytes) {
  constexpr std::uint8_t kCompressed = 0x01;
  constexpr std::uint8_t kGuidDefined = 0x02;
  constexpr std::uint8_t kVolumeImage = 0x17;
  constexpr std::uint32_t kLongLength = 0xffffff;
  constexpr std::uint16_t kProcessingRequired = 0x01;
  if (bytes.size() < 4) {
    return std::nullopt;
  }
  SectionHeader section{get_le24(bytes, 0), 4, SectionKind::kLeaf};
  const std::uint8_t type = bytes[3];
  if (section.length == kLongLength) {
    if (bytes.size() < 8) {
      return std::nullopt;
    }
    section.length = get_le<std::uint32_t>(bytes, 4);
    section.content_at = 8;
  }
  // Each kind's own words follow the common ones.
  const std::size_t own = section.content_at;
  const std::size_t own_length = type == kCompressed ? 5 : type == kGuidDefined ? 20 : 0;
  if (section.length < own + own_length || section.length > bytes.size()) {
    return std::nullopt;
  }
  if (type == kCompressed) {
    section.content_at = own + own_length;
    section.kind = bytes[own + 4] == 0 ? SectionKind::kSections : SectionKind::kUnknownPacking;
  } else if (type == kGuidDefined) {
    section.content_at = get_le<std::uint16_t>(bytes, own + 16);
    if (section.content_at < own + own_length || section.content_at > section.length) {
      return std::nullopt;
    }
    const bool packed = (get_le<std::uint16_t>(bytes, own + 18) & kProcessingRequired) != 0;
    section.kind = guid_at(bytes, own) == kLzma ? SectionKind::kLzma
                   : packed                     ? SectionKind::kUnknownPacking
                                                : SectionKind::kSections;
  } else if (type == kVolumeImage) {
    section.kind = SectionKind::kVolume;
  }
  return section;
}

}  // namespace virtsev::boot::ovmf
