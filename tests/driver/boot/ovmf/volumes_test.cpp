// SPDX-License-Identifier: LGPL-2.1-or-later
// The walk through a firmware image: what it comes to, and what it makes of damage.
#include "driver/boot/ovmf/volumes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/driver/boot/ovmf/synthetic_volume.hpp"

namespace virtsev::boot::ovmf {
namespace {

using test::file;
using test::guided_section;
using test::join;
using test::kDriver;
using test::kPe32;
using test::kVolumeImage;
using test::lzma_section;
using test::section;
using test::volume;
using testing::ElementsAre;
using testing::IsEmpty;

/// A leaf of one byte, to be recognised by.
Bytes leaf(std::uint8_t mark) { return section(kPe32, Bytes(1, mark)); }

struct Seen {
  VolumesRead read;
  std::vector<int> marks;  ///< The first byte of each leaf
};

Seen walk(const Bytes& image) {
  Seen seen{};
  seen.read = for_each_leaf(
      image, [&](ByteView content) { seen.marks.push_back(content.empty() ? -1 : content.front()); });
  return seen;
}

TEST(Volumes, AreWalkedInOrder) {
  Bytes image(4096, 0x5a);  // No volume begins here
  const Bytes first = volume({file(kDriver, join({leaf(1), leaf(2)})), file(kDriver, leaf(3))}, 8192);
  const Bytes second = volume({file(kDriver, leaf(4))}, 4096);
  image.insert(image.end(), first.begin(), first.end());
  image.insert(image.end(), second.begin(), second.end());
  const Seen seen = walk(image);
  EXPECT_EQ(seen.read, VolumesRead::kAll);
  EXPECT_THAT(seen.marks, ElementsAre(1, 2, 3, 4));
}

TEST(Volumes, AreFoundInPackedSections) {
  const Bytes inner = volume({file(kDriver, leaf(7))});
  const Seen seen =
      walk(volume({file(0x0b, lzma_section(join({leaf(6), section(kVolumeImage, inner)})))}, 4096));
  EXPECT_EQ(seen.read, VolumesRead::kAll);
  EXPECT_THAT(seen.marks, ElementsAre(6, 7));
}

TEST(Volumes, TakeSectionsThatAreWrappedOnly) {
  constexpr const char* kChecksummed = "fc1bcdb0-7d31-49aa-936a-a4600d9dd083";
  Bytes stored(5);  // A "compressed" section that says that it is not
  const Bytes one = leaf(2);
  stored.insert(stored.end(), one.begin(), one.end());
  const Seen seen = walk(
      volume({file(kDriver, join({guided_section(kChecksummed, 0, leaf(1)), section(1, stored)}))}, 4096));
  EXPECT_EQ(seen.read, VolumesRead::kAll);
  EXPECT_THAT(seen.marks, ElementsAre(1, 2));
}

TEST(Volumes, TakeLongSectionsAndFiles) {
  Bytes content = {9};
  Bytes long_section = {0xff, 0xff, 0xff, kPe32, 9, 0, 0, 0};
  long_section.push_back(9);
  Bytes large = file(kDriver, Bytes(8));
  large[19] = 1;
  put_le(large, 24, std::uint64_t{32 + long_section.size()});
  large.insert(large.end(), long_section.begin(), long_section.end());
  const Seen seen = walk(volume({large, file(kDriver, leaf(1))}, 4096));
  EXPECT_EQ(seen.read, VolumesRead::kAll);
  EXPECT_THAT(seen.marks, ElementsAre(9, 1));
}

TEST(Volumes, PassOverWhatIsNoCode) {
  const Seen seen = walk(
      volume({file(0x01, leaf(1)), file(0xf0, leaf(2)), file(kDriver, leaf(3), 0xe8), file(kDriver, leaf(4))},
             4096));
  EXPECT_EQ(seen.read, VolumesRead::kAll);
  EXPECT_THAT(seen.marks, ElementsAre(4)) << "raw data, padding, and a file that was deleted";
}

TEST(Volumes, KnowNoVolumeWhereThereIsNone) {
  EXPECT_EQ(walk({}).read, VolumesRead::kNone);
  EXPECT_EQ(walk(Bytes(8192)).read, VolumesRead::kNone);
  Bytes wrong_sum = volume({file(kDriver, leaf(1))}, 4096);
  wrong_sum[44] ^= 1;
  EXPECT_EQ(walk(wrong_sum).read, VolumesRead::kNone);
  Bytes cut_off = volume({file(kDriver, leaf(1))}, 8192);
  cut_off.resize(4096);
  EXPECT_EQ(walk(cut_off).read, VolumesRead::kNone);
}

TEST(Volumes, SayWhereSomethingCouldNotBeRead) {
  constexpr const char* kBrotli = "3d532050-5cda-4fd0-879e-0f7f630d5afb";
  Bytes longer = leaf(1);
  longer[0] = 200;
  Bytes nothing(4);
  Bytes standard(5, 1);
  const Bytes broken_stream = guided_section("ee4e5898-3914-4259-9d6e-dc7bd79403cf", 1, Bytes(40, 0xff));
  for (const Bytes& content :
       {guided_section(kBrotli, 1, leaf(1)), longer, nothing, section(1, standard), broken_stream,
        section(kVolumeImage, Bytes(100)), Bytes(3), section(2, Bytes(19))}) {
    const Seen seen = walk(volume({file(kDriver, content), file(kDriver, leaf(5))}, 4096));
    EXPECT_EQ(seen.read, VolumesRead::kPartly);
    EXPECT_THAT(seen.marks, ElementsAre(5)) << "the next file is read all the same";
  }
  Bytes file_too_long = file(kDriver, leaf(1));
  file_too_long[21] = 0xff;
  const Seen seen = walk(volume({file(kDriver, leaf(5)), file_too_long}, 4096));
  EXPECT_EQ(seen.read, VolumesRead::kPartly);
  EXPECT_THAT(seen.marks, ElementsAre(5));
}

TEST(Volumes, EndWhereTheyAreNestedTooDeep) {
  Bytes content = leaf(1);
  for (unsigned i = 0; i < 2 * kMaxVolumeDepth; ++i) {
    content = guided_section("fc1bcdb0-7d31-49aa-936a-a4600d9dd083", 0, content);
  }
  const Seen seen = walk(volume({file(kDriver, content)}, 4096));
  EXPECT_EQ(seen.read, VolumesRead::kPartly);
  EXPECT_THAT(seen.marks, IsEmpty());
}

TEST(Volumes, UnpackNoMoreThanTheirShareTogether) {
  const Bytes half = lzma_section(join({leaf(1), section(kPe32, Bytes(8'000'000))}));
  std::vector<Bytes> files(12, file(kDriver, half));
  const Seen seen = walk(volume(files, 1 << 20));
  EXPECT_EQ(seen.read, VolumesRead::kPartly);
  EXPECT_EQ(seen.marks.size(), 2 * (kMaxUnpackedBytes / 8'000'000));
}

}  // namespace
}  // namespace virtsev::boot::ovmf
