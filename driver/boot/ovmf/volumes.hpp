// SPDX-License-Identifier: LGPL-2.1-or-later
// What a firmware image is made of: volumes, files in them, sections in those, some of them packed (UEFI
// Platform Initialization specification, volume 3).
#pragma once

#include <cstdint>
#include <functional>

#include "sevcore/base/bytes.hpp"

namespace virtsev::boot::ovmf {

/// How far an image could be read.
enum class VolumesRead : std::uint8_t {
  kNone,    ///< There is no volume in it
  kPartly,  ///< Something is damaged, packed in an unknown way, nested too deep, or unpacks to too much
  kAll
};

/// What all packed sections of an image may unpack to, together, in bytes.
inline constexpr std::size_t kMaxUnpackedBytes = 64U << 20;
/// Volumes in sections in files in volumes: an image of OVMF has five levels.
inline constexpr unsigned kMaxVolumeDepth = 16;

/// Calls `see` with the content of each section that holds nothing else (code above all: PE32, TE), in order,
/// unpacked; its bytes are there for that call alone. Any bytes may be an image.
VolumesRead for_each_leaf(ByteView image, const std::function<void(ByteView)>& see);

}  // namespace virtsev::boot::ovmf
