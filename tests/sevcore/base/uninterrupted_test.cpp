// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/base/uninterrupted.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev {
namespace {

TEST(Uninterrupted, CallsAgainAfterASignalOnly) {
  int calls = 0;
  const auto interrupted_twice = [&calls]() -> ssize_t {
    errno = EINTR;
    return ++calls < 3 ? -1 : 7;
  };
  EXPECT_EQ(uninterrupted(interrupted_twice), 7);
  EXPECT_EQ(calls, 3);
  calls = 0;
  const auto refused = [&calls]() -> ssize_t {
    ++calls;
    errno = EIO;
    return -1;
  };
  EXPECT_EQ(uninterrupted(refused), -1);
  EXPECT_EQ(calls, 1);
}

TEST(WholeBuffers, AreWrittenAndReadAtTheirPlace) {
  const UniqueFd file(::memfd_create("virtsev-test", MFD_CLOEXEC));
  const Bytes content(100'000, 0x5a);
  EXPECT_EQ(pwrite_all(file.get(), content, 3), content.size());
  Bytes read(content.size());
  EXPECT_EQ(pread_all(file.get(), read, 3), static_cast<ssize_t>(content.size()));
  EXPECT_EQ(read, content);
}

TEST(WholeBuffers, EndWhereTheFileDoes) {
  const UniqueFd file(::memfd_create("virtsev-test", MFD_CLOEXEC));
  ASSERT_TRUE(write_all(file.get(), Bytes(10, 1)));
  Bytes read(20);
  EXPECT_EQ(pread_all(file.get(), read, 4), 6);
  EXPECT_EQ(pread_all(file.get(), read, 10), 0);
}

TEST(WholeBuffers, SayWhyADescriptorDoesNotTakeThem) {
  const UniqueFd readable(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(write_all(readable.get(), Bytes(1)));
  EXPECT_EQ(errno, EBADF);
  EXPECT_EQ(pwrite_all(readable.get(), Bytes(1), 0), 0U);
  EXPECT_EQ(errno, EBADF);
  Bytes read(1);
  EXPECT_EQ(pread_all(-1, read, 0), -1);
  EXPECT_EQ(errno, EBADF);
}

TEST(WholeBuffers, AreWrittenAsFarAsTheDeviceHasRoom) {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  EXPECT_FALSE(write_all(full.get(), Bytes(1)));
  EXPECT_EQ(errno, ENOSPC);
}

}  // namespace
}  // namespace virtsev
