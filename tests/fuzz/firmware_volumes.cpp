// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as a firmware image: walked to an end, no byte of it seen more often than its levels allow, twice
// the same; and whether it checks a kernel's hashes is answered in keeping with that.
#include <cstdint>
#include <cstdlib>

#include "driver/boot/ovmf/hash_check.hpp"
#include "driver/boot/ovmf/volumes.hpp"

namespace {

using namespace virtsev;

struct Seen {
  boot::ovmf::VolumesRead read;
  std::size_t leaves = 0;
  std::size_t bytes = 0;
  std::uint64_t sum = 0;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen walk(ByteView image) {
  Seen seen{};
  seen.read = boot::ovmf::for_each_leaf(image, [&](ByteView content) {
    ++seen.leaves;
    seen.bytes += content.size();
    if (!content.empty()) {
      seen.sum = seen.sum * 31 + content.front() + content.back();
    }
  });
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView image(data, size);
  const Seen seen = walk(image);
  if (seen.bytes > size + boot::ovmf::kMaxUnpackedBytes || !(walk(image) == seen) ||
      (seen.read == boot::ovmf::VolumesRead::kNone && seen.leaves != 0)) {
    std::abort();
  }
  const auto check = boot::ovmf::find_hash_check(image);
  if ((check == boot::ovmf::HashCheck::kThere && seen.leaves == 0) ||
      (check == boot::ovmf::HashCheck::kNotThere && seen.read != boot::ovmf::VolumesRead::kAll)) {
    std::abort();
  }
  return 0;
}
