// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/ovmf/hash_check.hpp"

#include <algorithm>
#include <string_view>

#include "driver/boot/ovmf/image.hpp"
#include "driver/boot/ovmf/kernel_hashes.hpp"
#include "driver/boot/ovmf/volumes.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::boot::ovmf {
namespace {

bool holds(ByteView code, const Guid& guid) {
  const auto characters = [](ByteView bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  return characters(code).find(characters(guid.bytes)) != std::string_view::npos;
}

}  // namespace

HashCheck find_hash_check(ByteView image) {
  bool found = false;
  const VolumesRead read = for_each_leaf(image, [&](ByteView code) {
    found = found || std::all_of(kHashGuids.begin(), kHashGuids.end(),
                                 [&](const Guid& guid) { return holds(code, guid); });
  });
  if (found) {
    return HashCheck::kThere;
  }
  if (read == VolumesRead::kNone && image.size() <= kPageSize) {
    return HashCheck::kEndOnly;
  }
  return read == VolumesRead::kAll ? HashCheck::kNotThere : HashCheck::kNotLegible;
}

HashCheck find_hash_check(const spec::File& image) { return find_hash_check(ByteView(read_image(image))); }

std::string explain(HashCheck check, const std::string& path) {
  const std::string advice = text(
      "use the AmdSev build of OVMF (OVMF.amdsev.fd; Debian: ovmf-amdsev), or boot the kernel directly, "
      "without firmware (sev://); where you know of this very image that it checks them, say so with "
      "--firmware-digest");
  return check == HashCheck::kNotThere
             ? text(
                   "firmware '{}' has a place for a kernel's hashes, but no code that checks them: the host "
                   "could exchange kernel, initrd and command line unnoticed; {}",
                   path, advice)
             : text(
                   "firmware '{}' can't be looked into, so whether it checks a kernel's hashes is not known, "
                   "and the host might exchange kernel, initrd and command line unnoticed; {}",
                   path, advice);
}

}  // namespace virtsev::boot::ovmf
