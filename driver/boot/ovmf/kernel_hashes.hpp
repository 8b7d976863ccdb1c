// SPDX-License-Identifier: LGPL-2.1-or-later
// The measured table by which OVMF checks the kernel, initrd and command line that the host hands to it.
#pragma once

#include "sevcore/base/bytes.hpp"

namespace virtsev::boot::ovmf {

/// SHA-256 each. The kernel: the whole file. The initrd: nothing's where there is none. The command line:
/// with its terminating NUL.
struct KernelHashes {
  ByteArray<32> command_line{};
  ByteArray<32> initrd{};
  ByteArray<32> kernel{};
};

inline constexpr std::size_t kKernelHashesBytes = 176;

/// The table as QEMU writes it (QEMU 7.2, target/i386/sev.c): a GUID and the total length, then for each hash
/// its GUID, its entry's length and itself; filled up to a multiple of 16 bytes. Lengths are 16 bits,
/// little-endian.
ByteArray<kKernelHashesBytes> kernel_hashes_table(const KernelHashes& hashes);

}  // namespace virtsev::boot::ovmf
