// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/spec-from-xml/virtsev/open_disks.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sevcore/base/error.hpp"

namespace virtsev::spec {
namespace {

using domain_xml::DiskCache;

class OpenDisks : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "open-disks-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    disk_.path = directory_ + "/image";
    disk_.target = "vda";
    disk_.slot = 3;
    std::ofstream(disk_.path) << std::string(4096, 'x');
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::vector<OpenedDisk> open() const {
    domain_xml::DomainDefinition definition;
    definition.disks = {disk_};
    return open_disks(definition);
  }
  /// The message of the refusal; empty: it was opened.
  [[nodiscard]] std::string refusal() const {
    try {
      (void)open();
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  std::string directory_;
  domain_xml::DiskDefinition disk_;
};

TEST_F(OpenDisks, OpensAnImageForReadingAndWriting) {
  const std::vector<OpenedDisk> opened = open();
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(opened[0].id, "virtio-disk0");
  EXPECT_EQ(opened[0].address.device, 3);
  EXPECT_EQ(opened[0].disk.image.fd, opened[0].image.get());
  EXPECT_EQ(::fcntl(opened[0].image.get(), F_GETFL) & O_ACCMODE, O_RDWR);
  EXPECT_EQ(opened[0].disk.flush, Disk::Flush::kAsked);
}

TEST_F(OpenDisks, OpensWhatIsReadOnlyForReading) {
  disk_.read_only = true;
  const std::vector<OpenedDisk> opened = open();
  EXPECT_EQ(::fcntl(opened.at(0).image.get(), F_GETFL) & O_ACCMODE, O_RDONLY);
  EXPECT_TRUE(opened[0].disk.read_only);
}

TEST_F(OpenDisks, KnowsWhenAWriteHasToBeOnTheMedium) {
  const std::pair<DiskCache, Disk::Flush> modes[] = {{DiskCache::kWriteback, Disk::Flush::kAsked},
                                                     {DiskCache::kWritethrough, Disk::Flush::kAlways},
                                                     {DiskCache::kUnsafe, Disk::Flush::kNever}};
  for (const auto& [cache, flush] : modes) {
    disk_.cache = cache;
    EXPECT_EQ(open().at(0).disk.flush, flush);
  }
}

TEST_F(OpenDisks, GoesPastTheHostsCacheIfThatIsWanted) {
  disk_.cache = DiskCache::kNone;
  const UniqueFd probe(::open(disk_.path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
  if (!probe) {
    EXPECT_NE(refusal().find("can't do without the host's cache (O_DIRECT)"), std::string::npos);
    return;
  }
  EXPECT_NE(::fcntl(open().at(0).image.get(), F_GETFL) & O_DIRECT, 0);
}

TEST_F(OpenDisks, LeavesOutADriveWithoutADisc) {
  disk_.path.clear();
  EXPECT_TRUE(open().empty());
}

TEST_F(OpenDisks, NamesTheDiskWhoseImageIsNotThere) {
  disk_.path = directory_ + "/nowhere";
  EXPECT_EQ(refusal(), "<disk> vda: '" + disk_.path +
                           "' can't be used: there is no such file; correct the path, or put the file there");
}

TEST_F(OpenDisks, RefusesAnImageThatAnotherGuestWrites) {
  const std::vector<OpenedDisk> other = open();
  EXPECT_EQ(refusal(),
            "<disk> vda: '" + disk_.path +
                "' is in use: another guest, or a tool, writes it, or allows no other writer; end that one, "
                "give this guest an image of its own, or write <shareable/> for both");
}

TEST_F(OpenDisks, SaysThatAnImageMayNotBeWritten) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root may write everything";
  }
  ASSERT_EQ(::chmod(disk_.path.c_str(), 0444), 0);
  EXPECT_NE(refusal().find("it may not be written by user"), std::string::npos);
}

TEST_F(OpenDisks, RefusesADirectoryAndAFifo) {
  disk_.path = directory_;
  EXPECT_NE(refusal().find("it is a directory"), std::string::npos);
  disk_.path = directory_ + "/fifo";
  ASSERT_EQ(::mkfifo(disk_.path.c_str(), 0600), 0);
  EXPECT_NE(refusal().find("neither a regular file nor a block device"), std::string::npos);
}

}  // namespace
}  // namespace virtsev::spec
