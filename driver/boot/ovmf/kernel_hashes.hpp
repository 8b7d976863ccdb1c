// SPDX-License-Identifier: LGPL-2.1-or-later
// The measured table by which OVMF checks the kernel, initrd and command line that the host hands to it.
#pragma once

#include <array>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guid.hpp"

namespace virtsev::boot::ovmf {

/// SHA-256 each. The kernel: the whole file. The initrd: nothing's where there is none. The command line:
/// with its terminating NUL.
struct KernelHashes {
  ByteArray<32> command_line{};
  ByteArray<32> initrd{};
  ByteArray<32> kernel{};
};

inline constexpr std::size_t kKernelHashesBytes = 176;

/// What stands before each hash in the table, in this order: command line, initrd, kernel.
inline constexpr std::array<Guid, 3> kHashGuids = {*parse_guid("97d02dd8-bd20-4c94-aa78-e7714d36ab2a"),
                                                   *parse_guid("44baf731-3a2f-4bd7-9af1-41e29169781d"),
                                                   *parse_guid("4de79437-abd2-427f-b835-d5b172d2045b")};

/// The table as QEMU writes it (QEMU 7.2, target/i386/sev.c): a GUID and the total length, then for each hash
/// its GUID, its entry's length and itself; filled up to a multiple of 16 bytes. Lengths are 16 bits,
/// little-endian.
ByteArray<kKernelHashesBytes> kernel_hashes_table(const KernelHashes& hashes);

}  // namespace virtsev::boot::ovmf
