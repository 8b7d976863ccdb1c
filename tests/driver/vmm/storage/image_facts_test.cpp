// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/storage/image_facts.hpp"

#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver/vmm/storage/storage.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm::test {
namespace {

TEST(ImageFacts, OfAFile) {
  const UniqueFd file(::memfd_create("image", MFD_CLOEXEC));
  ASSERT_EQ(::ftruncate(file.get(), (1 << 20) + 700), 0);
  const ImageFacts facts = image_facts(file.get());
  EXPECT_EQ(facts.size, (1U << 20) + 512) << "no part of a sector";
  EXPECT_EQ(facts.logical_block, 512U);
  EXPECT_EQ(facts.physical_block, 4096U);
  EXPECT_FALSE(facts.direct);
}

TEST(ImageFacts, OfNothingElse) {
  const UniqueFd device(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_THROW(image_facts(device.get()), Error);
  EXPECT_THROW(image_facts(-1), Error);
}

/// A file of this build's file system, if that has O_DIRECT.
class DirectFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = "direct-XXXXXX";
    file_.reset(::mkostemp(name.data(), O_CLOEXEC));
    ASSERT_TRUE(file_.valid());
    ASSERT_EQ(::ftruncate(file_.get(), 1 << 20), 0);
    direct_.reset(::open(name.c_str(), O_RDWR | O_DIRECT | O_CLOEXEC));
    ::unlink(name.c_str());
    if (!direct_) {
      GTEST_SKIP() << "the file system has no O_DIRECT";
    }
  }
  UniqueFd file_;
  UniqueFd direct_;
};

TEST_F(DirectFile, SaysHowItWantsToBeRead) {
  const ImageFacts facts = image_facts(direct_.get());
  EXPECT_TRUE(facts.direct);
  EXPECT_GE(facts.transfer_alignment, 512U);
  EXPECT_LE(facts.transfer_alignment, 4096U);
  EXPECT_GE(facts.memory_alignment, 1U);
}

TEST_F(DirectFile, RefusesASizeThatCantBeTransferred) {
  const std::uint32_t unit = image_facts(direct_.get()).transfer_alignment;
  if (unit == 512) {
    GTEST_SKIP() << "each sector can";
  }
  ASSERT_EQ(::ftruncate(file_.get(), (1 << 20) + 512), 0);
  EXPECT_THROW(image_facts(direct_.get()), Error);
}

TEST_F(DirectFile, TakesSectorsFromAnywhere) {
  EventLoop loop;
  Storage storage(image_facts(direct_.get()), spec::Disk::Flush::kAsked,
                  make_io_engine(direct_.get(), false, loop, {}));
  Bytes memory(64 << 10);
  for (std::size_t i = 0; i < memory.size(); ++i) {
    memory[i] = static_cast<std::uint8_t>(i * 7 + i / 512);
  }
  int ended = 0;
  int error = 0;
  const auto done = [&](int told) {
    ++ended;
    error |= told;
  };
  const auto wait_for = [&](int count) {
    storage.submit();
    while (ended < count) {
      loop.run_once();
    }
  };
  storage.write({{memory.data() + 3, 1024}, {memory.data() + 3000, 512}}, 512, false, done);
  storage.write({{memory.data() + 1, 40 << 10}}, 8192 + 512, true, done);
  wait_for(2);
  Bytes read(42 << 10);
  storage.read({{read.data() + 1, 1536}}, 512, done);
  storage.read({{read.data() + 2001, 40 << 10}}, 8192 + 512, done);
  wait_for(4);
  EXPECT_EQ(error, 0);
  EXPECT_TRUE(std::equal(read.begin() + 1, read.begin() + 1025, memory.begin() + 3));
  EXPECT_TRUE(std::equal(read.begin() + 1025, read.begin() + 1537, memory.begin() + 3000));
  EXPECT_TRUE(std::equal(read.begin() + 2001, read.begin() + 2001 + (40 << 10), memory.begin() + 1));
}

}  // namespace
}  // namespace virtsev::vmm::test
