// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/driver/boot/ovmf/synthetic_firmware.hpp"

#include <algorithm>

#include "sevcore/base/guid.hpp"
#include "tests/driver/boot/ovmf/synthetic_volume.hpp"

namespace virtsev::boot::ovmf::test {
namespace {

void append_trailer(Bytes& out, std::size_t length, const char* guid) {
  append_le(out, static_cast<std::uint16_t>(length));
  const Guid value = parse_guid(guid).value();
  out.insert(out.end(), value.bytes.begin(), value.bytes.end());
}

void append_block(Bytes& out, std::uint32_t base, std::uint32_t size, const char* guid) {
  append_le(out, base);
  append_le(out, size);
  append_trailer(out, 26, guid);
}

}  // namespace

Bytes synthetic_firmware(const Table& table, std::size_t size) {
  Bytes end(5, 0xaa);  // An entry of a kind that nobody knows
  append_trailer(end, 23, "0badc0de-0000-4000-8000-000000000001");
  append_block(end, table.hashes_base, table.hashes_size, "7255371f-3a3b-4b04-927b-1da6efa8d454");
  append_block(end, table.secret_base, table.secret_size, "4c2eb361-7d9b-4cc3-8081-127c90d3d294");
  if (table.reset) {
    append_le(end, table.reset_address);
    append_trailer(end, 22, "00f771de-1a7e-4fcb-890e-68c77e2fb44e");
  }
  append_trailer(end, end.size() + 18, "96b582de-1fb2-45f7-baea-a366c55a082d");
  end.resize(end.size() + 32, 0x90);
  Bytes image(size);
  for (std::size_t i = 0; i < size; ++i) {
    image[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  }
  if (table.checks_hashes) {
    const Bytes volume = volume_that_checks_hashes(kPageSize);
    std::copy(volume.begin(), volume.end(), image.begin());
  }
  std::copy(end.begin(), end.end(), image.end() - static_cast<std::ptrdiff_t>(end.size()));
  return image;
}

}  // namespace virtsev::boot::ovmf::test
