// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/ovmf/lzma.hpp"

#include <algorithm>

#include <lzma.h>

namespace virtsev::boot::ovmf {
namespace {

/// The dictionary, whose size the stream says, and liblzma's own tables.
constexpr std::uint64_t kMostMemory = (64ULL << 20) + (1ULL << 20);
constexpr std::size_t kFirstPiece = 64 << 10;

class Decoder {
 public:
  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { lzma_end(&stream); }

  lzma_stream stream = LZMA_STREAM_INIT;
};

}  // namespace

Result<Bytes, LzmaFault> unpack_lzma(ByteView packed, std::size_t most) {
  Decoder decoder;
  if (lzma_alone_decoder(&decoder.stream, kMostMemory) != LZMA_OK) {
    return unexpected(LzmaFault::kTooLarge);  // There is no memory
  }
  decoder.stream.next_in = packed.data();
  decoder.stream.avail_in = packed.size();
  Bytes out;
  std::size_t length = 0;
  for (;;) {
    // One byte more than there may be is enough to know that there is more.
    out.resize(std::min(std::max(kFirstPiece, 2 * length), most + 1));
    decoder.stream.next_out = out.data() + length;
    decoder.stream.avail_out = out.size() - length;
    const lzma_ret result = lzma_code(&decoder.stream, LZMA_FINISH);
    length = out.size() - decoder.stream.avail_out;
    if (length > most || result == LZMA_MEMLIMIT_ERROR || result == LZMA_MEM_ERROR) {
      return unexpected(LzmaFault::kTooLarge);
    }
    if (result == LZMA_STREAM_END) {
      out.resize(length);
      return out;
    }
    // It stops for want of room alone; else the stream is cut off, or none.
    if (result != LZMA_OK || decoder.stream.avail_out != 0) {
      return unexpected(LzmaFault::kBroken);
    }
  }
}

}  // namespace virtsev::boot::ovmf
