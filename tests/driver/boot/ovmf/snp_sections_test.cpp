// SPDX-License-Identifier: LGPL-2.1-or-later
// The list of pages that OVMF wants under SEV-SNP, read from an image's end: what is taken, and what is
// damaged.
#include "driver/boot/ovmf/snp_sections.hpp"

#include <gtest/gtest.h>

namespace virtsev::boot::ovmf {
namespace {

struct Entry {
  std::uint32_t base;
  std::uint32_t size;
  std::uint32_t kind;
};

constexpr std::uint32_t kBehind = 100;  // Bytes of the image after the list

Bytes image_with(const std::vector<Entry>& entries, std::uint32_t version = 1,
                 const char* signature = "ASEV") {
  Bytes image(500, 0xff);
  image.insert(image.end(), signature, signature + 4);
  append_le<std::uint32_t>(image, static_cast<std::uint32_t>(16 + 12 * entries.size()));
  append_le<std::uint32_t>(image, version);
  append_le<std::uint32_t>(image, static_cast<std::uint32_t>(entries.size()));
  for (const Entry& entry : entries) {
    append_le<std::uint32_t>(image, entry.base);
    append_le<std::uint32_t>(image, entry.size);
    append_le<std::uint32_t>(image, entry.kind);
  }
  image.resize(image.size() + kBehind, 0xff);
  return image;
}

std::uint32_t offset_of(std::size_t entries) {
  return static_cast<std::uint32_t>(16 + 12 * entries + kBehind);
}

TEST(SnpSections, AreReadInTheirOrder) {
  const auto sections = parse_snp_sections(
      image_with({{0x80'0000, 0x9000, 1}, {0x80'd000, 0x1000, 2}, {0x81'0000, 0x1000, 0x10}}), offset_of(3));
  ASSERT_TRUE(sections);
  EXPECT_EQ(*sections, (std::vector<SnpSection>{{{0x80'0000, 0x9000}, SnpSectionKind::kMemory},
                                                {{0x80'd000, 0x1000}, SnpSectionKind::kSecrets},
                                                {{0x81'0000, 0x1000}, SnpSectionKind::kKernelHashes}}));
}

TEST(SnpSections, OfAKindThatIsNotKnownMakeTheImageUnusable) {
  EXPECT_FALSE(parse_snp_sections(image_with({{0x80'0000, 0x1000, 7}}), offset_of(1)));
}

TEST(SnpSections, OfParcelsOfPagesAreDamaged) {
  EXPECT_FALSE(parse_snp_sections(image_with({{0x80'0010, 0x1000, 1}}), offset_of(1)));
  EXPECT_FALSE(parse_snp_sections(image_with({{0x80'0000, 0x1001, 1}}), offset_of(1)));
  EXPECT_FALSE(parse_snp_sections(image_with({{0x80'0000, 0, 1}}), offset_of(1)));
}

TEST(SnpSections, ElsewhereThanTheTableSaysAreDamaged) {
  const Bytes image = image_with({{0x80'0000, 0x1000, 1}});
  EXPECT_TRUE(parse_snp_sections(image, offset_of(1)));
  for (const std::uint32_t offset : {0U, 15U, 16U, offset_of(1) - 1, offset_of(1) + 1, 100'000U, ~0U}) {
    EXPECT_FALSE(parse_snp_sections(image, offset)) << offset;
  }
}

TEST(SnpSections, MoreThanTheImageHasRoomForAreDamaged) {
  Bytes image = image_with({{0x80'0000, 0x1000, 1}});
  put_le<std::uint32_t>(image, image.size() - offset_of(1) + 12, 0xffff'ffff);
  EXPECT_FALSE(parse_snp_sections(image, offset_of(1)));
}

TEST(SnpSections, OfAnotherVersionOrNameAreNotRead) {
  EXPECT_FALSE(parse_snp_sections(image_with({}, 2), offset_of(0)));
  EXPECT_FALSE(parse_snp_sections(image_with({}, 1, "VESA"), offset_of(0)));
}

}  // namespace
}  // namespace virtsev::boot::ovmf
