// SPDX-License-Identifier: LGPL-2.1-or-later
// What virtsevd opens for a monitor.
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "driver/daemon/monitor/launch_files.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::daemon {
namespace {

class LaunchFilesTest : public ::testing::Test {
 protected:
  LaunchFilesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "virtsevd-files-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    layout_ = rooted_layout(root_.string());
    make_directories(layout_);
    configuration_.kvm_device = "/dev/null";
    configuration_.sev_device = (root_ / "sev").string();
    std::ofstream(configuration_.sev_device) << "stands for /dev/sev";
  }
  ~LaunchFilesTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  LaunchFiles open(control::Platform platform, const sevcore::Protection& protection = sevcore::Sev{}) {
    configuration_.platform = platform;
    return open_launch_files(layout_, configuration_, {"guest", (root_ / "end").string()}, protection, {});
  }

  std::filesystem::path root_;
  Layout layout_;
  Configuration configuration_;
};

int access_of(const UniqueFd& fd) { return ::fcntl(fd.get(), F_GETFL) & O_ACCMODE; }

TEST_F(LaunchFilesTest, AMonitorCanNotChangeThePlatformThroughItsDescriptors) {
  EXPECT_EQ(O_RDONLY, access_of(open(control::Platform::kHardware).sev));
  const LaunchFiles simulated = open(control::Platform::kSimulated);
  EXPECT_EQ(O_RDONLY, access_of(simulated.platform_identity));
  EXPECT_EQ(O_RDONLY, access_of(simulated.asid.lock));
}

TEST_F(LaunchFilesTest, AMissingSevDeviceIsNamed) {
  std::filesystem::remove(configuration_.sev_device);
  try {
    open(control::Platform::kHardware);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(ErrorCode::kOperationUnsupported, error.code());
    EXPECT_NE(std::string::npos, std::string(error.what()).find(configuration_.sev_device)) << error.what();
  }
}

TEST_F(LaunchFilesTest, AnUnprotectedGuestNeedsNoPlatform) {
  std::filesystem::remove(configuration_.sev_device);
  std::filesystem::remove_all(layout_.platform_directory());
  for (const auto platform : {control::Platform::kHardware, control::Platform::kSimulated}) {
    const LaunchFiles files = open(platform, sevcore::Unprotected{});
    EXPECT_FALSE(files.sev);
    EXPECT_FALSE(files.platform_identity);
    EXPECT_EQ(0U, files.asid.asid);
    EXPECT_FALSE(files.asid.lock);
    EXPECT_TRUE(files.kvm);
  }
}

}  // namespace
}  // namespace virtsev::daemon
