// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/ovmf/snp_sections.hpp"

namespace virtsev::boot::ovmf {
namespace {

constexpr std::uint32_t kSignature = 0x56455341;  // "ASEV"
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeading = 16;
constexpr std::size_t kSection = 12;

bool is_known(std::uint32_t kind) {
  switch (static_cast<SnpSectionKind>(kind)) {
    case SnpSectionKind::kMemory:
    case SnpSectionKind::kSecrets:
    case SnpSectionKind::kCpuid:
    case SnpSectionKind::kCallingArea:
    case SnpSectionKind::kKernelHashes:
      return true;
  }
  return false;
}

bool is_whole_pages(const Block& block) {
  return block.size != 0 && block.base % kPageSize == 0 && block.size % kPageSize == 0;
}

}  // namespace

Result<std::vector<SnpSection>, FooterFault> parse_snp_sections(ByteView image_end, std::uint32_t offset) {
  if (offset > image_end.size() || offset < kHeading) {
    return unexpected(FooterFault::kBroken);
  }
  const ByteView all = image_end.last(offset);
  const auto word = [&all](std::size_t at) { return get_le<std::uint32_t>(all, at); };
  const std::uint64_t count = word(12);
  if (word(0) != kSignature || word(8) != kVersion || kHeading + count * kSection > all.size()) {
    return unexpected(FooterFault::kBroken);
  }
  std::vector<SnpSection> sections;
  for (std::size_t number = 0; number < count; ++number) {
    const std::size_t at = kHeading + number * kSection;
    const Block block{word(at), word(at + 4)};
    if (!is_known(word(at + 8)) || !is_whole_pages(block)) {
      return unexpected(FooterFault::kBroken);
    }
    sections.push_back({block, static_cast<SnpSectionKind>(word(at + 8))});
  }
  return sections;
}

}  // namespace virtsev::boot::ovmf
