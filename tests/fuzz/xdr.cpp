// SPDX-License-Identifier: LGPL-2.1-or-later
// XDR from a peer: any bytes, read in any way. The first half of the input says what is asked for, the second
// is what is read.
#include <algorithm>
#include <cstdlib>

#include "driver/xdr/decoder.hpp"
#include "driver/xdr/encoder.hpp"

using virtsev::Bytes;
using virtsev::ByteView;

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

/// One step; what was read is written again, and must read the same.
void step(virtsev::xdr::Decoder& decoder, std::uint8_t what) {
  const std::uint32_t limit = what >> 3;
  const std::size_t before = decoder.rest().size();
  virtsev::xdr::Encoder encoder;
  switch (what & 7) {
    case 0:
      encoder.put_int32(decoder.get_int32());
      break;
    case 1:
      encoder.put_uint64(decoder.get_uint64());
      break;
    case 2:
      decoder.get_bool();
      return;
    case 3: {
      const std::string text = decoder.get_string(limit);
      require(text.size() <= limit && text.find('\0') == std::string::npos);
      encoder.put_string(text);
      break;
    }
    case 4: {
      const Bytes bytes = decoder.get_opaque(limit);
      require(bytes.size() <= limit);
      encoder.put_opaque(bytes);
      break;
    }
    case 5: {
      Bytes bytes(limit);
      decoder.get_fixed_opaque(bytes);
      encoder.put_fixed_opaque(bytes);
      break;
    }
    case 6: {
      const std::uint32_t count = decoder.get_count(limit, 8);
      require(count <= limit && count * std::size_t{8} <= decoder.rest().size());
      return;
    }
    default:
      decoder.get_double();
      return;
  }
  require(!decoder.ok() || before - decoder.rest().size() == encoder.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  constexpr std::size_t kMaxSteps = 64;
  const ByteView script = input.first(std::min(size / 2, kMaxSteps));
  virtsev::xdr::Decoder decoder(input.subspan(size / 2));
  for (const std::uint8_t what : script) {
    const bool failed = !decoder.ok();
    step(decoder, what);
    require(!failed || !decoder.ok());
  }
  return 0;
}
