// SPDX-License-Identifier: LGPL-2.1-or-later
// Apart from the plan, because it unpacks images, and the monitor is to load nothing that does.
#include "driver/boot/ovmf/firmware_boot.hpp"
#include "driver/boot/ovmf/hash_check.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::boot::ovmf {

void check_hashes_are_enforced(const spec::FirmwareBoot& boot) {
  if (!boot.payload || boot.known_digest) {
    return;
  }
  // From the end of an image nothing boots, so its digest misleads nobody.
  if (const HashCheck check = find_hash_check(boot.image);
      check == HashCheck::kNotThere || check == HashCheck::kNotLegible) {
    throw Error(ErrorCode::kConfigUnsupported, explain(check, boot.image.path));
  }
}

}  // namespace virtsev::boot::ovmf
