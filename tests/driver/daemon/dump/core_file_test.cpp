// SPDX-License-Identifier: LGPL-2.1-or-later
// Core files as a thread writes them: what is there before, and what is left where it fails.
#include "driver/daemon/dump/core_file.hpp"

#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::daemon {
namespace {

class CoreFile : public ::testing::Test {
 protected:
  CoreFile() {
    std::string name = (std::filesystem::temp_directory_path() / "virtsev-core-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    std::filesystem::create_directory(path("notes"));
  }
  ~CoreFile() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_.string() + "/" + name; }
  void put(const std::string& name, const std::string& content) { std::ofstream(path(name)) << content; }
  std::string content(const std::string& name) const { return read_small(path(name)); }
  /// Writes `sent` to a file for which `size` bytes were announced.
  std::optional<Error> write(const std::string& name, const std::string& sent, std::uint64_t size) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
    UniqueFd mine(ends[0]);
    std::optional<Error> error;
    std::thread thread([&, peer = ends[1]] {
      try {
        write_core_file(path(name), size, UniqueFd(peer), UnfinishedFiles(path("notes")));
      } catch (const Error& caught) {
        error = caught;
      }
    });
    std::uint8_t byte = 0;
    opened_ = ::read(mine.get(), &byte, 1) == 1;
    if (opened_) {
      EXPECT_EQ(static_cast<ssize_t>(sent.size()),
                ::send(mine.get(), sent.data(), sent.size(), MSG_NOSIGNAL));
    }
    mine.reset();
    thread.join();
    return error;
  }
  std::optional<Error> write(const std::string& name, const std::string& sent) {
    return write(name, sent, sent.size());
  }

  std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      found.insert(entry.path().filename().string());
    }
    return found;
  }

  std::filesystem::path directory_;
  bool opened_ = false;
};

TEST_F(CoreFile, IsItsOwnersAlone) {
  EXPECT_FALSE(write("core", "content"));
  EXPECT_EQ("content", content("core"));
  struct stat status {};
  ASSERT_EQ(0, ::stat(path("core").c_str(), &status));
  EXPECT_EQ(0600U, status.st_mode & 07777U);
}

TEST_F(CoreFile, TakesThePlaceOfAnExistingOneAndNotItsReaders) {
  put("core", "something longer than what comes");
  ::chmod(path("core").c_str(), 0644);
  std::filesystem::create_hard_link(path("core"), path("other name"));
  const std::ifstream reader(path("core"));
  EXPECT_FALSE(write("core", "content"));
  EXPECT_EQ("content", content("core"));
  EXPECT_EQ("something longer than what comes", content("other name"));
  struct stat status {};
  ASSERT_EQ(0, ::stat(path("core").c_str(), &status));
  EXPECT_EQ(0600U, status.st_mode & 07777U);
  EXPECT_EQ(1U, status.st_nlink);
}

TEST_F(CoreFile, IsNothingElseThanARegularFile) {
  ASSERT_EQ(0, ::mkfifo(path("fifo").c_str(), 0600));
  std::filesystem::create_directory(path("directory"));
  put("target", "kept");
  std::filesystem::create_symlink(path("target"), path("link"));
  std::filesystem::create_symlink(path("none"), path("dangling"));
  const std::pair<const char*, const char*> kinds[] = {{"fifo", "a FIFO"},
                                                       {"directory", "a directory"},
                                                       {"link", "a symbolic link"},
                                                       {"dangling", "a symbolic link"},
                                                       {"", "a directory"}};
  for (const auto& [name, kind] : kinds) {
    const auto error = write(name, "content");
    ASSERT_TRUE(error) << name;
    EXPECT_EQ(ErrorCode::kInvalidArgument, error->code()) << name;
    EXPECT_FALSE(opened_);
    EXPECT_NE(std::string::npos, std::string(error->what()).find(path(name))) << error->what();
    EXPECT_NE(std::string::npos, std::string(error->what()).find(kind)) << error->what();
  }
  EXPECT_EQ("kept", content("target"));
  EXPECT_FALSE(std::filesystem::exists(path("none")));
}

TEST_F(CoreFile, ThatCannotBeOpenedSaysWhy) {
  const auto error = write("no directory/core", "content");
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kSystemError, error->code());
  EXPECT_NE(std::string::npos, std::string(error->what()).find("No such file")) << error->what();
}

TEST_F(CoreFile, ThatIsNotAllThereIsRemoved) {
  const auto error = write("core", "half of it", 20);
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationAborted, error->code());
  EXPECT_TRUE(opened_);
  EXPECT_FALSE(std::filesystem::exists(path("core")));
}

TEST_F(CoreFile, ThatWasThereBeforeStaysWhereTheNextIsNotWhole) {
  put("core", "before");
  EXPECT_TRUE(write("core", "half of it", 20));
  EXPECT_EQ("before", content("core"));
  EXPECT_EQ((std::set<std::string>{"core", "notes"}), names());
}

TEST_F(CoreFile, WithoutRoomOnTheDiskIsRemovedBeforeAnythingIsSent) {
  // The kernel refuses a file above this limit as it refuses one above the disk's size.
  rlimit before{};
  ASSERT_EQ(0, ::getrlimit(RLIMIT_FSIZE, &before));
  const rlimit limited{1U << 20, before.rlim_max};
  ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(0, ::setrlimit(RLIMIT_FSIZE, &limited));
  const auto error = write("core", "", 2U << 20);
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, SIG_DFL);
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kSystemError, error->code());
  EXPECT_NE(std::string::npos, std::string(error->what()).find("2 MiB")) << error->what();
  EXPECT_FALSE(opened_);
  EXPECT_FALSE(std::filesystem::exists(path("core")));
}

}  // namespace
}  // namespace virtsev::daemon
