// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/console_log.hpp"

#include <cstdio>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {
namespace {

class Log : public testing::Test {
 protected:
  Log() {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      files_[i].reset(::memfd_create("log", MFD_CLOEXEC));
      numbers_[i] = files_[i].get();
    }
  }
  std::string content(std::size_t i) {
    std::string text(4096, '\0');
    const ssize_t length = ::pread(numbers_[i], text.data(), text.size(), 0);
    text.resize(static_cast<std::size_t>(length));
    return text;
  }
  std::array<UniqueFd, ConsoleLog::kFiles> files_;
  std::array<int, ConsoleLog::kFiles> numbers_{};
};

TEST_F(Log, HoldsWhatWasWritten) {
  ConsoleLog log(numbers_, 10);
  log.write(bytes_of("abc"));
  log.write(bytes_of("def"));
  EXPECT_EQ(content(0), "abcdef");
  EXPECT_EQ(content(1), "");
}

TEST_F(Log, GoesOnBehindWhatTheFileHeld) {
  ConsoleLog(numbers_, 10).write(bytes_of("abc"));
  ConsoleLog(numbers_, 10).write(bytes_of("def"));
  EXPECT_EQ(content(0), "abcdef");
}

TEST_F(Log, ShiftsContentsWhenTheNewestIsFull) {
  ConsoleLog log(numbers_, 4);
  log.write(bytes_of("1111"));
  EXPECT_EQ(content(0), "1111");
  log.write(bytes_of("2222"));
  log.write(bytes_of("3333"));
  log.write(bytes_of("4444"));
  log.write(bytes_of("55"));
  EXPECT_EQ(content(0), "55");
  EXPECT_EQ(content(1), "4444");
  EXPECT_EQ(content(2), "3333");
  EXPECT_EQ(content(3), "2222");
}

TEST_F(Log, SplitsAWriteLargerThanAFile) {
  ConsoleLog(numbers_, 4).write(bytes_of("111122223333444455556"));
  EXPECT_EQ(content(0), "6");
  EXPECT_EQ(content(1), "5555");
  EXPECT_EQ(content(3), "3333");
}

TEST_F(Log, NeverExceedsItsCapacity) {
  constexpr std::uint64_t kCapacity = 300'000;  // more than one piece of the copy
  ConsoleLog log(numbers_, kCapacity);
  const std::string line(4099, 'x');
  for (int i = 0; i < 400; ++i) {
    log.write(bytes_of(line));
  }
  for (const int fd : numbers_) {
    EXPECT_LE(::lseek(fd, 0, SEEK_END), static_cast<off_t>(kCapacity));
  }
  EXPECT_EQ(::lseek(numbers_[1], 0, SEEK_END), static_cast<off_t>(kCapacity));
}

TEST_F(Log, WorksOnFilesOpenedForAppending) {
  for (const int fd : numbers_) {
    ASSERT_EQ(::fcntl(fd, F_SETFL, O_APPEND), 0);
  }
  ConsoleLog log(numbers_, 4);
  log.write(bytes_of("1111222233"));
  EXPECT_EQ(content(0), "33");
  EXPECT_EQ(content(1), "2222");
  EXPECT_EQ(content(2), "1111");
}

TEST_F(Log, ShortensAFileThatWasLargerThanItsCapacity) {
  ASSERT_EQ(::pwrite(numbers_[0], "0123456789", 10, 0), 10);
  ConsoleLog log(numbers_, 4);
  log.write(bytes_of("x"));
  EXPECT_EQ(content(0), "x");
  EXPECT_EQ(content(1), "6789");
}

TEST_F(Log, DoesWithoutBackups) {
  ConsoleLog log({numbers_[0], -1, -1, -1}, 4);
  log.write(bytes_of("1111222233"));
  EXPECT_EQ(content(0), "33");
}

TEST(FullDisk, IsNoFailureOfTheGuest) {
  const UniqueFd full(::open("/dev/full", O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(full);
  ConsoleLog log({full.get(), -1, -1, -1}, 4);
  log.write(bytes_of("1111222233"));
  log.write(bytes_of("1111222233"));
}

TEST(MissingLog, IsNoFailureOfTheGuest) {
  ConsoleLog log({-1, -1, -1, -1}, 4);
  log.write(bytes_of("1111222233"));
}

}  // namespace
}  // namespace virtsev::vmm
