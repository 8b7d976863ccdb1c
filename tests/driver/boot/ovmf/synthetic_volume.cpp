// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/driver/boot/ovmf/synthetic_volume.hpp"

#include <algorithm>
#include <stdexcept>

#include <lzma.h>

#include "sevcore/base/guid.hpp"

namespace virtsev::boot::ovmf::test {
namespace {

void append(Bytes& out, ByteView piece) { out.insert(out.end(), piece.begin(), piece.end()); }

void append_le24(Bytes& out, std::size_t value) {
  append_le(out, static_cast<std::uint16_t>(value));
  out.push_back(static_cast<std::uint8_t>(value >> 16));
}

void append_guid(Bytes& out, const char* guid) { append(out, parse_guid(guid).value().bytes); }

}  // namespace

Bytes section(std::uint8_t type, ByteView content) {
  Bytes out;
  append_le24(out, content.size() + 4);
  out.push_back(type);
  append(out, content);
  return out;
}

Bytes guided_section(const char* guid, std::uint16_t attributes, ByteView content) {
  Bytes inner;
  append_guid(inner, guid);
  append_le(inner, std::uint16_t{24});
  append_le(inner, attributes);
  append(inner, content);
  return section(0x02, inner);
}

Bytes join(const std::vector<Bytes>& sections) {
  Bytes out;
  for (const Bytes& one : sections) {
    out.resize(round_up(out.size(), 4));
    append(out, one);
  }
  return out;
}

Bytes lzma(ByteView content) {
  lzma_options_lzma options;
  lzma_lzma_preset(&options, 6);
  lzma_stream stream = LZMA_STREAM_INIT;
  Bytes out(content.size() + 4096);
  stream.next_in = content.data();
  stream.avail_in = content.size();
  stream.next_out = out.data();
  stream.avail_out = out.size();
  const bool packed =
      lzma_alone_encoder(&stream, &options) == LZMA_OK && lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END;
  out.resize(out.size() - stream.avail_out);
  lzma_end(&stream);
  if (!packed) {
    throw std::runtime_error("liblzma packs nothing");
  }
  put_le(out, 5, std::uint64_t{content.size()});
  return out;
}

Bytes lzma_section(ByteView sections) {
  return guided_section("ee4e5898-3914-4259-9d6e-dc7bd79403cf", 1, lzma(sections));
}

Bytes file(std::uint8_t type, ByteView content, std::uint8_t state) {
  Bytes out(16, 0x77);  // Its name
  append_le(out, std::uint16_t{0xaa55});
  out.push_back(type);
  out.push_back(0);
  append_le24(out, content.size() + 24);
  out.push_back(state);
  append(out, content);
  return out;
}

Bytes volume(const std::vector<Bytes>& files, std::size_t size) {
  constexpr std::size_t kHeader = 72;
  Bytes content;
  for (const Bytes& one : files) {
    content.resize(round_up(content.size(), 8), 0xff);
    append(content, one);
  }
  const std::size_t length = size != 0 ? size : kHeader + content.size();
  Bytes out(16);
  append_guid(out, "8c8ce578-8a3d-4f1c-9935-896185c32dd3");
  append_le(out, std::uint64_t{length});
  append(out, bytes_of("_FVH"));
  append_le(out, std::uint32_t{0x800});
  append_le(out, std::uint16_t{kHeader});
  append_le(out, std::uint32_t{0});  // Checksum, and no second header
  append_le(out, std::uint16_t{0x0200});
  append_le(out, std::uint32_t{1});
  append_le(out, static_cast<std::uint32_t>(length));
  append_le(out, std::uint64_t{0});
  std::uint16_t sum = 0;
  for (std::size_t at = 0; at < kHeader; at += 2) {
    sum = static_cast<std::uint16_t>(sum + get_le<std::uint16_t>(out, at));
  }
  put_le(out, 50, static_cast<std::uint16_t>(-sum));
  append(out, content);
  if (out.size() > length) {
    throw std::runtime_error("the volume's files need more room");
  }
  out.resize(length, 0xff);
  return out;
}

Bytes code_with(const std::vector<const char*>& guids) {
  Bytes code(333, 0xc3);
  for (const char* guid : guids) {
    append_guid(code, guid);
  }
  code.resize(code.size() + 77, 0xcc);
  return code;
}

Bytes volume_that_checks_hashes(std::size_t size) {
  const Bytes code =
      code_with({"97d02dd8-bd20-4c94-aa78-e7714d36ab2a", "44baf731-3a2f-4bd7-9af1-41e29169781d",
                 "4de79437-abd2-427f-b835-d5b172d2045b"});
  const Bytes inner =
      volume({file(kDriver, section(kPe32, Bytes(50, 1))), file(kDriver, section(kPe32, code))});
  return volume({file(0x0b, lzma_section(section(kVolumeImage, inner)))}, size);
}

}  // namespace virtsev::boot::ovmf::test
