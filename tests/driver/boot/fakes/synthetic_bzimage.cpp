// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/driver/boot/fakes/synthetic_bzimage.hpp"

#include <algorithm>

namespace virtsev::boot::test {

Bytes pattern(std::size_t size, std::uint8_t seed) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::uint8_t>(seed + i * 7 + i / 251);
  }
  return bytes;
}

// The offsets stand here a second time, on purpose: they are the boot protocol's, not the code's under test.
Bytes synthetic_bzimage(std::size_t code_size) {
  Bytes image(kSyntheticCodeOffset);
  image[0x1f1] = 1;
  put_le<std::uint32_t>(image, 0x1f4, static_cast<std::uint32_t>((code_size + 15) / 16));
  put_le<std::uint16_t>(image, 0x1fa, 0xffff);
  put_le<std::uint16_t>(image, 0x1fe, 0xaa55);
  image[0x200] = 0xeb;
  image[0x201] = 0x6a;
  std::copy_n("HdrS", 4, image.begin() + 0x202);
  put_le<std::uint16_t>(image, 0x206, 0x020f);
  image[0x211] = 0x01;
  put_le<std::uint32_t>(image, 0x214, 0x100000);
  put_le<std::uint32_t>(image, 0x22c, 0x7fffffff);
  put_le<std::uint32_t>(image, 0x230, 0x200000);
  image[0x234] = 1;
  image[0x235] = 21;
  put_le<std::uint16_t>(image, 0x236, 0x007f);
  put_le<std::uint32_t>(image, 0x238, 2047);
  put_le<std::uint32_t>(image, 0x248, 0x300);
  put_le<std::uint32_t>(image, 0x24c, 0x400);
  put_le<std::uint64_t>(image, 0x258, 0x1000000);
  put_le<std::uint32_t>(image, 0x260, 32U << 20);
  const Bytes code = pattern(code_size, 0x11);
  image.insert(image.end(), code.begin(), code.end());
  return image;
}

}  // namespace virtsev::boot::test
