// SPDX-License-Identifier: LGPL-2.1-or-later
// The host's ends of consoles and channels.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "driver/daemon/monitor/control_socket.hpp"
#include "driver/daemon/monitor/port_ends.hpp"
#include "driver/daemon/monitor/terminal.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::daemon {
namespace {

class PortEnds : public ::testing::Test {
 protected:
  PortEnds() {
    std::string name = (std::filesystem::temp_directory_path() / "virtsevd-ports-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    directory_ = (root_ / "channel" / "1-demo").string();
  }
  ~PortEnds() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  static mode_t mode_of(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
  }

  std::filesystem::path root_;
  std::string directory_;
};

TEST_F(PortEnds, ASocketIsVirtsevdsOwnAndGoesWithTheGuest) {
  std::vector<PortEnd> ends;
  open_port_ends({{true, "org.agent", ""}}, directory_, ends);
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].path, directory_ + "/org.agent");
  EXPECT_EQ(mode_of(ends[0].path), 0600U);
  EXPECT_EQ(mode_of(directory_), 0700U);
  EXPECT_TRUE(connect_to(directory_, "org.agent").valid());
  remove_port_sockets(ends, directory_);
  EXPECT_FALSE(std::filesystem::exists(directory_));
}

TEST_F(PortEnds, ATerminalStaysWhereItIsKept) {
  std::vector<PortEnd> ends;
  open_port_ends({{false, "", ""}}, directory_, ends);
  const std::string path = ends.at(0).path;
  EXPECT_EQ(path_behind(ends[0].master.get()), path);
  open_port_ends({{false, "", ""}}, directory_, ends);
  EXPECT_EQ(ends.at(0).path, path);
  remove_port_sockets(ends, directory_);
  EXPECT_TRUE(std::filesystem::exists(path)) << "it is no socket";
}

TEST_F(PortEnds, ASocketAtAPlaceOfItsOwnReplacesAnEarlierOne) {
  const std::string place = (root_ / "agent").string();
  for (int i = 0; i < 2; ++i) {
    const std::vector<PortEnd> ends = listen_at_named_places({{true, "org.agent", place}});
    ASSERT_EQ(ends.size(), 1U);
    EXPECT_TRUE(ends[0].listener.valid());
    EXPECT_EQ(ends[0].path, place);
  }
}

TEST_F(PortEnds, WhatIsNoSocketIsLeftAlone) {
  const std::string place = (root_ / "precious").string();
  std::ofstream(place) << "content";
  EXPECT_THROW(listen_at_named_places({{true, "org.agent", place}}), Error);
  EXPECT_EQ(std::filesystem::file_size(place), 7U);
}

}  // namespace
}  // namespace virtsev::daemon
