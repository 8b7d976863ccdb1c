// SPDX-License-Identifier: LGPL-2.1-or-later
// Who uses a disk image at the same time: QEMU's convention, so that no image is written by two guests,
// QEMU's or ours, nor by qemu-img meanwhile.
#pragma once

namespace virtsev::spec {

struct ImageUse {
  bool writes = false;
  bool shares = false;  ///< Others may write at the same time
};

/// Locks the image of the open file description for as long as that is open anywhere. False, and nothing is
/// locked, where somebody's use does not go with this one. Where the file system has no locks, there are
/// none, as with QEMU.
///
/// The convention (QEMU 7.2, block/file-posix.c, seen with `qemu-io` and /proc/locks): a shared lock of an
/// open file description on byte 100 + n says that its holder does n, on byte 200 + n that it lets nobody
/// else do n. n: 0 reads what is consistent, 1 writes.
bool lock_image(int image, const ImageUse& use);

}  // namespace virtsev::spec
