// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/ovmf/kernel_hashes.hpp"

#include <algorithm>

namespace virtsev::boot::ovmf {
namespace {

constexpr Guid kTable = *parse_guid("9438d606-4f22-4cc9-b479-a793d411fd21");

constexpr std::size_t kHeading = 18;
constexpr std::size_t kEntry = kHeading + 32;

void put_heading(MutableBytes out, const Guid& guid, std::size_t length) {
  std::copy(guid.bytes.begin(), guid.bytes.end(), out.begin());
  put_le(out, guid.bytes.size(), static_cast<std::uint16_t>(length));
}

void put_entry(MutableBytes out, const Guid& guid, const ByteArray<32>& hash) {
  put_heading(out, guid, kEntry);
  std::copy(hash.begin(), hash.end(), out.begin() + kHeading);
}

}  // namespace

ByteArray<kKernelHashesBytes> kernel_hashes_table(const KernelHashes& hashes) {
  ByteArray<kKernelHashesBytes> table{};
  const MutableBytes out(table);
  put_heading(out, kTable, kHeading + 3 * kEntry);
  put_entry(out.subspan(kHeading), kHashGuids[0], hashes.command_line);
  put_entry(out.subspan(kHeading + kEntry), kHashGuids[1], hashes.initrd);
  put_entry(out.subspan(kHeading + 2 * kEntry), kHashGuids[2], hashes.kernel);
  return table;
}

}  // namespace virtsev::boot::ovmf
