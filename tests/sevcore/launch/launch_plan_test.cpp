// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/launch/launch_plan.hpp"

#include <cstdio>
#include <memory>

#include <gtest/gtest.h>

#include "sevcore/base/error.hpp"

namespace virtsev::sevcore {
namespace {

using TemporaryFile = std::unique_ptr<FILE, int (*)(FILE*)>;

TemporaryFile file_with(ByteView content) {
  TemporaryFile file(std::tmpfile(), std::fclose);
  std::fwrite(content.data(), 1, content.size(), file.get());
  std::fflush(file.get());
  return file;
}

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  }
  return bytes;
}

Region region(std::uint64_t size, std::variant<Bytes, FileRange> content, PageType type = PageType::kNormal) {
  return {GuestAddress(0x1000), size, type, "initrd", "/a/file", std::move(content)};
}

Bytes all_of(const Region& of, std::size_t* largest = nullptr) {
  Bytes bytes;
  read_region(of, [&](ByteView piece) {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    if (largest != nullptr) {
      *largest = std::max(*largest, piece.size());
    }
  });
  return bytes;
}

TEST(ReadRegion, PadsWithZeros) {
  Bytes expected = {1, 2, 3};
  const Bytes read = all_of(region(8192, expected));
  expected.resize(8192);
  EXPECT_EQ(read, expected);
}

TEST(ReadRegion, ReadsAPartOfAFileInPieces) {
  const std::size_t length = (5U << 20) / 2 + 17;
  const Bytes content = pattern(length + 100);
  const auto file = file_with(content);
  std::size_t largest = 0;
  const Bytes read =
      all_of(region(round_up(length, kPageSize), FileRange{fileno(file.get()), 64, length}), &largest);
  Bytes expected(content.begin() + 64, content.begin() + 64 + static_cast<std::ptrdiff_t>(length));
  expected.resize(round_up(length, kPageSize));
  EXPECT_EQ(read, expected);
  EXPECT_LE(largest, 1U << 20);
}

TEST(ReadRegion, SaysWhichFileIsShorterThanThePlanSays) {
  const auto file = file_with(pattern(5000));
  try {
    all_of(region(8192, FileRange{fileno(file.get()), 0, 6000}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/a/file ends at byte 5000"), std::string::npos) << error.what();
  }
}

TEST(ReadRegion, SaysWhichFileCantBeRead) {
  try {
    all_of(region(4096, FileRange{-1, 0, 10}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kSystemError);
    EXPECT_NE(std::string(error.what()).find("/a/file"), std::string::npos);
  }
}

TEST(ReadRegion, RefusesARegionThatBreaksThePlansRules) {
  EXPECT_THROW(all_of(region(4096, Bytes(4097))), Error);
  EXPECT_THROW(all_of(region(100, Bytes(10))), Error);
}

}  // namespace
}  // namespace virtsev::sevcore
