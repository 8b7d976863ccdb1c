// SPDX-License-Identifier: LGPL-2.1-or-later
// LZMA as firmware images are packed with it.
#pragma once

#include <cstdint>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/result.hpp"

namespace virtsev::boot::ovmf {

enum class LzmaFault : std::uint8_t { kBroken, kTooLarge };

/// Unpacks a stream of LZMA's first format (".lzma": a header of 13 bytes, with the length or without). What
/// follows the stream is passed over. Nothing grows beyond `most` bytes, beside the dictionary: a stream with
/// one of more than 64 MiB counts as too large, too.
Result<Bytes, LzmaFault> unpack_lzma(ByteView packed, std::size_t most);

}  // namespace virtsev::boot::ovmf
