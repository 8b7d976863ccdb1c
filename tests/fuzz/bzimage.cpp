// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as a kernel: refused, or numbers that a loader can use without looking at them again.
#include "driver/boot/linux/bzimage.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtsev;
  const ByteView file(data, size);
  // The header alone; the file's size is what the input's last bytes say, so that code "fits" without
  // megabytes of it.
  const Bytes start(file.begin(),
                    file.begin() + static_cast<std::ptrdiff_t>(std::min(size, boot::kBzImageHeaderBytes)));
  const std::uint64_t file_size = size < 8 ? size : size + (get_le<std::uint64_t>(file, size - 8) >> 1);
  const auto image = boot::parse_bzimage(start, file_size);
  if (!image) {
    return 0;
  }
  const bool sane = image->setup_header.size() <= 0x290 - 0x1f1 && image->code_size > 0 &&
                    image->code_offset < file_size && image->code_size <= file_size - image->code_offset &&
                    image->memory_end >= 0x1000000 + image->code_size && image->memory_end < 1ULL << 40 &&
                    image->initrd_limit <= 1ULL << 32;
  if (!sane) {
    std::abort();
  }
  return 0;
}
