// SPDX-License-Identifier: LGPL-2.1-or-later
// What a kernel's header may say, and what is refused; and that no header makes the parser misbehave.
#include "driver/boot/linux/bzimage.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/driver/boot/fakes/synthetic_bzimage.hpp"

namespace virtsev::boot {
namespace {

using test::synthetic_bzimage;

/// Parses as read from a file: the start only, in a buffer of exactly that size, so that sanitizers see any
/// reading past it.
Result<BzImage, BzImageFault> parse(const Bytes& file) {
  const std::size_t shown = std::min(file.size(), kBzImageHeaderBytes);
  const Bytes start(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(shown));
  return parse_bzimage(start, file.size());
}

BzImageFault fault_of(const Bytes& file) {
  const auto image = parse(file);
  EXPECT_FALSE(image.has_value());
  return image ? static_cast<BzImageFault>(0xff) : image.error();
}

/// What must hold of any header that is accepted, whatever else it says.
void expect_sane(const BzImage& image, std::uint64_t file_size) {
  EXPECT_LE(image.setup_header.size(), 0x290U - 0x1f1U);
  EXPECT_GT(image.code_size, 0U);
  EXPECT_LE(image.code_offset + image.code_size, file_size);
  EXPECT_GE(image.memory_end, 0x1000000 + image.code_size);
  EXPECT_LT(image.memory_end, 8ULL << 30);
}

TEST(BzImage, GivesWhatTheEntryNeeds) {
  const auto image = parse(synthetic_bzimage(10'000));
  ASSERT_TRUE(image.has_value());
  EXPECT_EQ(image->code_offset, 1024U);
  EXPECT_EQ(image->code_size, 10'000U);
  EXPECT_EQ(image->memory_end, 0x1000000U + (32U << 20));
  EXPECT_EQ(image->initrd_limit, 0x80000000U);
  EXPECT_EQ(image->command_line_max, 2047U);
  EXPECT_EQ(image->protocol, 0x020f);
  EXPECT_EQ(image->setup_header.size(), 0x202U + 0x6a - 0x1f1);
}

TEST(BzImage, LeavesOutWhatFollowsTheCode) {
  Bytes file = synthetic_bzimage(10'000);
  file.resize(file.size() + 1500, 0xee);  // A Secure Boot signature
  const auto image = parse(file);
  ASSERT_TRUE(image.has_value());
  EXPECT_EQ(image->code_size, 10'000U);
}

TEST(BzImage, CountsFourSetupSectorsWhereTheHeaderSaysNone) {
  Bytes file = synthetic_bzimage(10'000);
  file[0x1f1] = 0;
  file.resize(5 * 512 + 10'000);
  const auto image = parse(file);
  ASSERT_TRUE(image.has_value());
  EXPECT_EQ(image->code_offset, 5U * 512);
}

TEST(BzImage, KeepsWhatAHigherPreferredAddressNeeds) {
  Bytes file = synthetic_bzimage();
  put_le<std::uint64_t>(file, 0x258, 0x4000000);
  const auto image = parse(file);
  ASSERT_TRUE(image.has_value());
  EXPECT_EQ(image->memory_end, 0x4000000U + (32U << 20));
}

TEST(BzImageRefuses, AnEmptyFile) { EXPECT_EQ(fault_of({}), BzImageFault::kNotAKernel); }

TEST(BzImageRefuses, AFileWithoutMagic) {
  EXPECT_EQ(fault_of(test::pattern(100'000, 3)), BzImageFault::kNotAKernel);
}

TEST(BzImageRefuses, AFileThatEndsInItsHeader) {
  Bytes file = synthetic_bzimage();
  file.resize(0x220);
  EXPECT_EQ(fault_of(file), BzImageFault::kTruncated);
}

TEST(BzImageRefuses, AFileThatEndsInItsCode) {
  Bytes file = synthetic_bzimage(10'000);
  file.resize(file.size() - 16);
  EXPECT_EQ(fault_of(file), BzImageFault::kTruncated);
}

TEST(BzImageRefuses, AnOldProtocol) {
  Bytes file = synthetic_bzimage();
  put_le<std::uint16_t>(file, 0x206, 0x020b);
  EXPECT_EQ(fault_of(file), BzImageFault::kTooOld);
}

TEST(BzImageRefuses, AZImage) {
  Bytes file = synthetic_bzimage();
  file[0x211] = 0;
  EXPECT_EQ(fault_of(file), BzImageFault::kNotLoadedHigh);
}

TEST(BzImageRefuses, A32BitKernel) {
  Bytes file = synthetic_bzimage();
  put_le<std::uint16_t>(file, 0x236, 0);
  EXPECT_EQ(fault_of(file), BzImageFault::k32Bit);
}

TEST(BzImageRefuses, AKernelThatRunsElsewhereOnly) {
  Bytes file = synthetic_bzimage();
  file[0x234] = 0;
  put_le<std::uint64_t>(file, 0x258, 0x2000000);
  EXPECT_EQ(fault_of(file), BzImageFault::kFixedElsewhere);
}

TEST(BzImageRefuses, AnAlignmentThatItsPlaceDoesNotHave) {
  Bytes file = synthetic_bzimage();
  put_le<std::uint32_t>(file, 0x230, 0x2000000);
  EXPECT_EQ(fault_of(file), BzImageFault::kFixedElsewhere);
}

TEST(BzImageRefuses, APreferredAddressThatWouldWrapAround) {
  Bytes file = synthetic_bzimage();
  put_le<std::uint64_t>(file, 0x258, ~0ULL - 4095);
  EXPECT_EQ(fault_of(file), BzImageFault::kFixedElsewhere);
}

TEST(BzImageRefuses, AHeaderThatEndsBeforeItsOwnFields) {
  Bytes file = synthetic_bzimage();
  file[0x201] = 0x10;
  EXPECT_EQ(fault_of(file), BzImageFault::kNotAKernel);
}

TEST(BzImageRefuses, EveryTruncation) {
  const Bytes whole = synthetic_bzimage(3'000);
  for (std::size_t size = 0; size + 16 <= whole.size(); ++size) {
    const Bytes file(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(parse(file).has_value()) << size << " bytes";
  }
}

TEST(BzImage, StandsEveryValueOfEveryHeaderByte) {
  const Bytes whole = synthetic_bzimage(3'000);
  int accepted = 0;
  for (std::size_t at = 0x1f1; at < 0x290; ++at) {
    Bytes file = whole;
    for (int value = 0; value < 256; ++value) {
      file[at] = static_cast<std::uint8_t>(value);
      if (const auto image = parse(file)) {
        expect_sane(*image, file.size());
        ++accepted;
      }
    }
  }
  EXPECT_GT(accepted, 0);
}

TEST(BzImage, StandsHeadersOfAllOnesAndAllZeros) {
  for (const std::uint8_t fill : {0x00, 0xff}) {
    Bytes file = synthetic_bzimage(3'000);
    std::fill(file.begin() + 0x210, file.begin() + 0x290, fill);
    EXPECT_FALSE(parse(file).has_value()) << int{fill};
  }
}

}  // namespace
}  // namespace virtsev::boot
