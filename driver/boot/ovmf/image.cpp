// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/ovmf/image.hpp"

#include "driver/boot/files/file_size.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/launch/launch_plan.hpp"

namespace virtsev::boot::ovmf {

std::uint64_t size_of_image(const spec::File& image) {
  const std::uint64_t size = size_of(image);
  if (size == 0 || size % kPageSize != 0 || size > kMaxImageBytes) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("firmware '{}' has {} bytes; an image has a multiple of 4096, at most {}", image.path,
                     size, kMaxImageBytes));
  }
  return size;
}

Bytes read_image(const spec::File& image) {
  sevcore::Region region;
  region.size = size_of_image(image);
  region.origin = image.path;
  region.content = sevcore::FileRange{image.fd, 0, region.size};
  Bytes bytes;
  bytes.reserve(region.size);
  sevcore::read_region(region,
                       [&](ByteView piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  return bytes;
}

}  // namespace virtsev::boot::ovmf
