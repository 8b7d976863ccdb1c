// SPDX-License-Identifier: LGPL-2.1-or-later
// Who may use an image at the same time, by our own locks and by QEMU's tools.
#include "driver/spec-from-xml/virtsev/image_lock.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::spec {
namespace {

constexpr ImageUse kWriter{true, false};
constexpr ImageUse kReader{false, false};
constexpr ImageUse kSharingWriter{true, true};

class ImageLock : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "image-lock-XXXXXX";
    const UniqueFd made(::mkstemp(path_.data()));
    ASSERT_EQ(::ftruncate(made.get(), 1 << 20), 0);
  }
  void TearDown() override { ::unlink(path_.c_str()); }

  [[nodiscard]] UniqueFd open() const { return UniqueFd(::open(path_.c_str(), O_RDWR | O_CLOEXEC)); }
  [[nodiscard]] int qemu_io(const std::string& arguments) const {
    const int status =
        std::system(("qemu-io " + arguments + " -f raw '" + path_ + "' >/dev/null 2>&1").c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string path_;
};

TEST_F(ImageLock, LetsOneWriterHaveItAlone) {
  const UniqueFd first = open();
  const UniqueFd second = open();
  EXPECT_TRUE(lock_image(first.get(), kWriter));
  EXPECT_FALSE(lock_image(second.get(), kWriter));
  EXPECT_FALSE(lock_image(second.get(), kReader));
  EXPECT_FALSE(lock_image(second.get(), kSharingWriter));
}

TEST_F(ImageLock, LetsReadersHaveItTogetherAndNoWriterBeside) {
  const UniqueFd first = open();
  const UniqueFd second = open();
  const UniqueFd writer = open();
  EXPECT_TRUE(lock_image(first.get(), kReader));
  EXPECT_TRUE(lock_image(second.get(), kReader));
  EXPECT_FALSE(lock_image(writer.get(), kWriter));
}

TEST_F(ImageLock, LetsWritersShareItWhoBothSaySo) {
  const UniqueFd first = open();
  const UniqueFd second = open();
  EXPECT_TRUE(lock_image(first.get(), kSharingWriter));
  EXPECT_TRUE(lock_image(second.get(), kSharingWriter));
}

TEST_F(ImageLock, IsGoneWithTheLastCopyOfTheDescriptor) {
  UniqueFd first = open();
  const UniqueFd second = open();
  ASSERT_TRUE(lock_image(first.get(), kWriter));
  UniqueFd copy(::dup(first.get()));
  first.reset();
  EXPECT_FALSE(lock_image(second.get(), kWriter));
  copy.reset();
  EXPECT_TRUE(lock_image(second.get(), kWriter));
}

TEST_F(ImageLock, LeavesNothingLockedWhereItIsRefused) {
  UniqueFd first = open();
  const UniqueFd second = open();
  const UniqueFd third = open();
  ASSERT_TRUE(lock_image(first.get(), kWriter));
  ASSERT_FALSE(lock_image(second.get(), kReader));
  first.reset();
  EXPECT_TRUE(lock_image(third.get(), kWriter));
}

TEST_F(ImageLock, KeepsQemusToolsOut) {
  if (std::system("command -v qemu-io >/dev/null") != 0) {
    GTEST_SKIP() << "qemu-io is not installed (Debian: qemu-utils)";
  }
  EXPECT_EQ(qemu_io("-c 'write 0 512'"), 0);
  UniqueFd image = open();
  ASSERT_TRUE(lock_image(image.get(), kWriter));
  EXPECT_EQ(qemu_io("-c 'write 0 512'"), 1);
  image.reset();
  EXPECT_EQ(qemu_io("-c 'write 0 512'"), 0);
}

TEST_F(ImageLock, IsRefusedWhileOneOfQemusToolsWrites) {
  if (std::system("command -v qemu-io >/dev/null") != 0) {
    GTEST_SKIP() << "qemu-io is not installed (Debian: qemu-utils)";
  }
  const UniqueFd image = open();
  int commands[2] = {-1, -1};
  ASSERT_EQ(::pipe(commands), 0);
  const UniqueFd reading(commands[0]);
  const UniqueFd writing(commands[1]);
  const std::string command = "qemu-io -f raw '" + path_ + "' <&" + std::to_string(reading.get());
  std::FILE* tool = ::popen(command.c_str(), "r");
  ASSERT_NE(tool, nullptr);
  constexpr std::string_view kWrite = "write 0 512\n";
  constexpr std::string_view kQuit = "quit\n";
  ASSERT_EQ(::write(writing.get(), kWrite.data(), kWrite.size()), static_cast<ssize_t>(kWrite.size()));
  char answer[256] = {};
  ASSERT_NE(std::fgets(answer, sizeof answer, tool), nullptr);  // It has the image open
  EXPECT_FALSE(lock_image(image.get(), kWriter));
  ASSERT_EQ(::write(writing.get(), kQuit.data(), kQuit.size()), static_cast<ssize_t>(kQuit.size()));
  EXPECT_EQ(::pclose(tool), 0);
  EXPECT_TRUE(lock_image(image.get(), kWriter));
}

}  // namespace
}  // namespace virtsev::spec
