// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/ovmf/kernel_hashes.hpp"

#include <algorithm>

#include "sevcore/base/guid.hpp"

namespace virtsev::boot::ovmf {
namespace {

constexpr Guid kTable = *parse_guid("9438d606-4f22-4cc9-b479-a793d411fd21");
constexpr Guid kCommandLine = *parse_guid("97d02dd8-bd20-4c94-aa78-e7714d36ab2a");
constexpr Guid kInitrd = *parse_guid("44baf731-3a2f-4bd7-9af1-41e29169781d");
constexpr Guid kKernel = *parse_guid("4de79437-abd2-427f-b835-d5b172d2045b");

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
  put_entry(out.subspan(kHeading), kCommandLine, hashes.command_line);
  put_entry(out.subspan(kHeading + kEntry), kInitrd, hashes.initrd);
  put_entry(out.subspan(kHeading + 2 * kEntry), kKernel, hashes.kernel);
  return table;
}

}  // namespace virtsev::boot::ovmf
