// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/ovmf/footer.hpp"

#include <algorithm>

#include "sevcore/base/guid.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::boot::ovmf {
namespace {

constexpr Guid kTable = *parse_guid("96b582de-1fb2-45f7-baea-a366c55a082d");
constexpr Guid kReset = *parse_guid("00f771de-1a7e-4fcb-890e-68c77e2fb44e");
constexpr Guid kSecret = *parse_guid("4c2eb361-7d9b-4cc3-8081-127c90d3d294");
constexpr Guid kKernelHashes = *parse_guid("7255371f-3a3b-4b04-927b-1da6efa8d454");
constexpr Guid kSnpSections = *parse_guid("dc886566-984a-4798-a75e-5585a7bf67cc");

/// A length and a GUID, at each entry's end and at the table's.
constexpr std::size_t kTrailer = 18;
constexpr std::size_t kAfterTable = 32;

struct Trailer {
  std::size_t length = 0;
  Guid guid;
};

/// `bytes` has at least kTrailer of them.
Trailer trailer_of(ByteView bytes) {
  const ByteView end = bytes.last(kTrailer);
  Trailer trailer{get_le<std::uint16_t>(end, 0), {}};
  std::copy(end.begin() + 2, end.end(), trailer.guid.bytes.begin());
  return trailer;
}

Block block_in(ByteView data) { return {get_le<std::uint32_t>(data, 0), get_le<std::uint32_t>(data, 4)}; }

/// False where an entry that is known is too short for what it has to tell.
bool take(Footer& footer, const Guid& guid, ByteView data) {
  if (guid == kReset) {
    if (data.size() < 4) {
      return false;
    }
    footer.reset_address = get_le<std::uint32_t>(data, 0);
  } else if (guid == kSecret || guid == kKernelHashes) {
    if (data.size() < 8) {
      return false;
    }
    (guid == kSecret ? footer.secret : footer.kernel_hashes) = block_in(data);
  } else if (guid == kSnpSections) {
    if (data.size() < 4) {
      return false;
    }
    footer.snp_sections = get_le<std::uint32_t>(data, 0);
  }
  return true;
}

}  // namespace

Result<Footer, FooterFault> parse_footer(ByteView image_end) {
  if (image_end.size() < kAfterTable + kTrailer) {
    return unexpected(FooterFault::kNone);
  }
  const ByteView upto = image_end.first(image_end.size() - kAfterTable);
  const Trailer table = trailer_of(upto);
  if (table.guid != kTable) {
    return unexpected(FooterFault::kNone);
  }
  if (table.length < kTrailer || table.length > upto.size()) {
    return unexpected(FooterFault::kBroken);
  }
  Footer footer;
  ByteView rest = upto.last(table.length).first(table.length - kTrailer);
  while (!rest.empty()) {
    if (rest.size() < kTrailer) {
      return unexpected(FooterFault::kBroken);
    }
    const Trailer entry = trailer_of(rest);
    if (entry.length < kTrailer || entry.length > rest.size() ||
        !take(footer, entry.guid, rest.last(entry.length).first(entry.length - kTrailer))) {
      return unexpected(FooterFault::kBroken);
    }
    rest = rest.first(rest.size() - entry.length);
  }
  return footer;
}

std::string explain(FooterFault fault, const std::string& path) {
  return fault == FooterFault::kNone
             ? text(
                   "firmware '{}' has no table of OVMF at its end, which SEV-ES and the hashes of a kernel "
                   "need; give "
                   "the image that the guest is started with, OVMF.fd or OVMF.amdsev.fd for example",
                   path)
             : text("firmware '{}' is damaged: the table at its end contradicts itself; install it again",
                    path);
}

}  // namespace virtsev::boot::ovmf
