// SPDX-License-Identifier: LGPL-2.1-or-later
// A console's log where <serial><log file=.../> wants it.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/daemon/monitor/console_log_file.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::daemon {
namespace {

namespace fs = std::filesystem;

class ConsoleLogFile : public testing::Test {
 protected:
  void SetUp() override {
    char directory[] = "/tmp/virtsev-console-log-XXXXXX";
    ASSERT_NE(nullptr, ::mkdtemp(directory));
    directory_ = directory;
    file_ = directory_ / "guest.log";
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string refusal() const {
    try {
      open_console_log(file_);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  fs::path directory_, file_;
};

TEST_F(ConsoleLogFile, IsMadeWithItsBackupsForItsOwnerAlone) {
  const auto files = open_console_log(file_);
  for (const std::string suffix : {"", ".0", ".1", ".2"}) {
    struct stat status {};
    ASSERT_EQ(0, ::stat((file_.string() + suffix).c_str(), &status)) << suffix;
    EXPECT_EQ(0600U, status.st_mode & 0777U) << suffix;
  }
  for (const UniqueFd& file : files) {
    EXPECT_TRUE(file.valid());
  }
}

TEST_F(ConsoleLogFile, KeepsWhatIsThereUntilItIsEmptied) {
  std::ofstream(file_) << "earlier";
  std::ofstream(file_.string() + ".0") << "older";
  const auto files = open_console_log(file_);
  EXPECT_EQ(7U, fs::file_size(file_));
  empty_console_log(files);
  EXPECT_EQ(0U, fs::file_size(file_));
  EXPECT_EQ(5U, fs::file_size(file_.string() + ".0"));
}

TEST_F(ConsoleLogFile, IsARegularFileWhoseNameIsItsOwn) {
  ASSERT_EQ(0, ::mkfifo(file_.c_str(), 0600));
  EXPECT_NE(refusal().find("'" + file_.string() + "' is not a regular file"), std::string::npos) << refusal();
  fs::remove(file_);
  fs::create_symlink("/etc/hostname", file_);
  EXPECT_NE(refusal().find("cannot open '" + file_.string() + "'"), std::string::npos) << refusal();
  fs::remove(file_);
  fs::create_directory(file_.string() + ".1");
  EXPECT_NE(refusal().find("cannot open '" + file_.string() + ".1'"), std::string::npos) << refusal();
}

TEST_F(ConsoleLogFile, NeedsADirectoryThatIsThere) {
  file_ = directory_ / "none" / "guest.log";
  EXPECT_NE(refusal().find("No such file or directory"), std::string::npos) << refusal();
}

}  // namespace
}  // namespace virtsev::daemon
