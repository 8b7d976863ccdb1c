// SPDX-License-Identifier: LGPL-2.1-or-later
// Whose the places of a virtsevd are: its tree, and its pid file.
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/daemon/files/lock_file.hpp"
#include "driver/daemon/files/own_tree.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::daemon {
namespace {

namespace fs = std::filesystem;

class OwnPlaces : public ::testing::Test {
 protected:
  OwnPlaces() {
    std::string name = (fs::temp_directory_path() / "virtsev-own-XXXXXX").string();
    parent_ = ::mkdtemp(name.data());
    root_ = (parent_ / "root").string();
    fs::create_directory(root_);
    layout_ = rooted_layout(root_);
    make_directories(layout_);
  }
  ~OwnPlaces() override { fs::remove_all(parent_); }

  std::string complaint() const {
    try {
      require_own_tree(root_, layout_);
    } catch (const Error& error) {
      EXPECT_EQ(ErrorCode::kOperationDenied, error.code());
      return error.what();
    }
    return "none";
  }
  std::string complaint_about_mode(const std::string& path, mode_t mode) const {
    struct stat before {};
    EXPECT_EQ(0, ::stat(path.c_str(), &before));
    EXPECT_EQ(0, ::chmod(path.c_str(), mode));
    std::string said = complaint();
    ::chmod(path.c_str(), before.st_mode & 07777U);
    return said;
  }

  fs::path parent_;
  std::string root_;
  Layout layout_;
};

TEST_F(OwnPlaces, AreTakenWhereNobodyElseWrites) {
  EXPECT_EQ("none", complaint());
  fs::remove_all(root_);
  EXPECT_EQ("none", complaint()) << "what is not there yet";
}

TEST_F(OwnPlaces, AreRefusedWhereOthersWrite) {
  std::ofstream(layout_.configuration_file) << "platform = \"simulated\"\n";
  std::ofstream(layout_.definition("guest")) << "<domain/>";
  for (const std::string& path :
       {root_, layout_.definitions, layout_.socket_directory, layout_.state, layout_.platform_directory(),
        layout_.console_logs(), layout_.configuration_file, layout_.definition("guest")}) {
    const bool directory = fs::is_directory(path);
    for (const mode_t mode : {0020, 0002}) {
      const std::string said = complaint_about_mode(path, mode | (directory ? 0700 : 0600));
      EXPECT_NE(std::string::npos, said.find("can write to '" + path + "'")) << said;
      EXPECT_NE(std::string::npos, said.find("chmod go-w")) << said;
    }
  }
  EXPECT_EQ("none", complaint());
}

TEST_F(OwnPlaces, AreRefusedWhereOthersCanExchangeThem) {
  EXPECT_NE(std::string::npos, complaint_about_mode(parent_.string(), 0777).find(parent_.string()));
  EXPECT_EQ("none", complaint_about_mode(parent_.string(), 01777)) << "as /tmp is";
}

TEST_F(OwnPlaces, AreRefusedWhereTheyAreAnothers) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give files away";
  }
  constexpr uid_t kOther = 12345;
  std::ofstream(layout_.configuration_file);
  for (const std::string& path :
       {parent_.string(), root_, layout_.library, layout_.definitions, layout_.configuration_file}) {
    ASSERT_EQ(0, ::chown(path.c_str(), kOther, 0));
    const std::string said = complaint();
    EXPECT_NE(std::string::npos, said.find("'" + path + "' belongs to the user with id 12345")) << said;
    ASSERT_EQ(0, ::chown(path.c_str(), 0, 0));
  }
}

TEST_F(OwnPlaces, APidFileIsThereAsLongAsItsDaemon) {
  {
    const PidFile file(layout_.pid_file);
    EXPECT_EQ(std::to_string(::getpid()) + "\n", read_small(layout_.pid_file));
    EXPECT_THROW(PidFile{layout_.pid_file}, Error);
  }
  EXPECT_FALSE(fs::exists(layout_.pid_file));
  std::ofstream(layout_.pid_file) << "4711 of one that was killed\n";
  const PidFile file(layout_.pid_file);
  EXPECT_EQ(std::to_string(::getpid()) + "\n", read_small(layout_.pid_file));
}

TEST_F(OwnPlaces, APidFileThatIsAnothersByNowStays) {
  {
    const PidFile file(layout_.pid_file);
    fs::remove(layout_.pid_file);
    std::ofstream(layout_.pid_file) << "another\n";
  }
  EXPECT_EQ("another\n", read_small(layout_.pid_file));
}

}  // namespace
}  // namespace virtsev::daemon
