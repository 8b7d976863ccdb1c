// SPDX-License-Identifier: LGPL-2.1-or-later
// From a definition to a boot specification, and what a path may name.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "domain-xml/limits.hpp"
#include "driver/spec-from-xml/open_boot.hpp"
#include "driver/spec-from-xml/open_file.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::spec {
namespace {

/// An empty directory with a definition whose kernel and initrd are in it.
class OpenBoot : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "open-boot-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    definition_.os.machine = domain_xml::kMachineName;
    definition_.os.kernel = make_file("vmlinuz", "kernel");
    definition_.os.initrd = make_file("initrd.img", "initrd");
    definition_.os.command_line = "console=ttyS0";
    definition_.memory_bytes = 512ULL << 20;
    definition_.vcpus = 2;
    definition_.launch_security.emplace().policy = sevcore::Policy(7);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string make_file(const std::string& name, const std::string& content) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << content;
    return path;
  }

  testing::AssertionResult refuses_kernel(const std::string& path, ErrorCode code,
                                          const std::string& reason) {
    definition_.os.kernel = path;
    const std::string expected = "<os><kernel>: '" + path + "' can't be used: " + reason;
    try {
      open_boot(definition_);
    } catch (const Error& error) {
      if (error.code() == code && error.what() == expected) {
        return testing::AssertionSuccess();
      }
      return testing::AssertionFailure() << static_cast<int>(error.code()) << ": " << error.what();
    }
    return testing::AssertionFailure() << path << " was opened";
  }

  std::string directory_;
  domain_xml::DomainDefinition definition_;
};

std::string read_all(int fd) {
  std::string content(100, '\0');
  content.resize(static_cast<std::size_t>(pread(fd, content.data(), content.size(), 0)));
  return content;
}

TEST_F(OpenBoot, SaysWhatTheDefinitionSays) {
  const OpenedBoot opened = open_boot(definition_);
  const BootSpecification& specification = opened.specification;
  EXPECT_EQ(specification.machine, MachineVersion::kQ35_1_0);
  EXPECT_EQ(specification.memory_bytes, 512ULL << 20);
  EXPECT_EQ(specification.vcpus, 2U);
  EXPECT_EQ(specification.policy, 7U);
  EXPECT_FALSE(specification.unprotected);
  EXPECT_EQ(specification.command_line, "console=ttyS0");
  EXPECT_EQ(specification.kernel.path, definition_.os.kernel);
  EXPECT_EQ(read_all(specification.kernel.fd), "kernel");
  ASSERT_TRUE(specification.initrd);
  EXPECT_EQ(specification.initrd->path, definition_.os.initrd);
  EXPECT_EQ(read_all(specification.initrd->fd), "initrd");
}

TEST_F(OpenBoot, StaysValidWhenItIsMoved) {
  OpenedBoot first = open_boot(definition_);
  const OpenedBoot second = std::move(first);
  EXPECT_EQ(second.specification.kernel.fd, second.kernel.get());
  EXPECT_EQ(read_all(second.specification.kernel.fd), "kernel");
}

TEST_F(OpenBoot, DescriptorsDoNotLeakIntoPrograms) {
  const OpenedBoot opened = open_boot(definition_);
  EXPECT_TRUE(fcntl(opened.kernel.get(), F_GETFD) & FD_CLOEXEC);
  EXPECT_EQ(fcntl(opened.kernel.get(), F_GETFL) & O_ACCMODE, O_RDONLY);
}

TEST_F(OpenBoot, NeedsNoInitrd) {
  definition_.os.initrd.clear();
  const OpenedBoot opened = open_boot(definition_);
  EXPECT_FALSE(opened.specification.initrd);
  EXPECT_FALSE(opened.initrd.valid());
}

TEST_F(OpenBoot, GivesWholePagesOfMemory) {
  definition_.memory_bytes = (512ULL << 20) + 1024;
  EXPECT_EQ(open_boot(definition_).specification.memory_bytes, (512ULL << 20) + 4096);
}

TEST_F(OpenBoot, SaysSoWhereNothingProtectsTheGuest) {
  definition_.launch_security.reset();
  EXPECT_TRUE(open_boot(definition_).specification.unprotected);
}

TEST_F(OpenBoot, RefusesAMachineThatItDoesNotHave) {
  definition_.os.machine = "virtsev-q35-9.0";
  EXPECT_THROW(open_boot(definition_), Error);
}

TEST_F(OpenBoot, RefusesAMissingFile) {
  EXPECT_TRUE(refuses_kernel(directory_ + "/none", ErrorCode::kSystemError,
                             "there is no such file; correct the path, or put the file there"));
  EXPECT_TRUE(refuses_kernel(definition_.os.initrd + "/none", ErrorCode::kSystemError,
                             "a part of the path is not a directory; correct the path"));
}

TEST_F(OpenBoot, NamesTheInitrdWhereThatIsAtFault) {
  definition_.os.initrd = directory_ + "/none";
  try {
    open_boot(definition_);
    FAIL() << "was opened";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              "<os><initrd>: '" + directory_ +
                  "/none' can't be used: there is no such file; correct the path, or put the "
                  "file there");
  }
}

TEST_F(OpenBoot, RefusesADirectory) {
  EXPECT_TRUE(
      refuses_kernel(directory_, ErrorCode::kConfigUnsupported, "it is a directory; name the file in it"));
}

TEST_F(OpenBoot, RefusesAnEmptyFile) {
  EXPECT_TRUE(refuses_kernel(make_file("empty", ""), ErrorCode::kConfigUnsupported,
                             "it is empty; put the right file there"));
}

const std::string kNoFile =
    "it is neither a regular file nor a block device (a FIFO or a character device could keep the host "
    "waiting); name one "
    "that is";

TEST_F(OpenBoot, RefusesAFifoWithoutWaitingForIt) {
  const std::string path = directory_ + "/fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_TRUE(refuses_kernel(path, ErrorCode::kConfigUnsupported, kNoFile));
}

TEST_F(OpenBoot, RefusesACharacterDevice) {
  EXPECT_TRUE(refuses_kernel("/dev/zero", ErrorCode::kConfigUnsupported, kNoFile));
}

TEST_F(OpenBoot, RefusesASocket) {
  const std::string path = directory_ + "/socket";
  const UniqueFd listener(socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_TRUE(refuses_kernel(path, ErrorCode::kConfigUnsupported, kNoFile));
}

TEST_F(OpenBoot, RefusesACircleOfLinks) {
  const std::string path = directory_ + "/circle";
  std::filesystem::create_symlink(path, path);
  EXPECT_TRUE(
      refuses_kernel(path, ErrorCode::kSystemError, "its symbolic links lead in a circle; correct them"));
}

TEST_F(OpenBoot, RefusesAFileThatMayNotBeRead) {
  const std::string unreadable = make_file("unreadable", "kernel");
  ASSERT_EQ(chmod(unreadable.c_str(), 0), 0);
  ASSERT_EQ(chmod(directory_.c_str(), 0755), 0);
  // Root may read every file, so the test is somebody else for a moment.
  const uid_t self = geteuid();
  if (self == 0) {
    ASSERT_EQ(seteuid(65534), 0);
  }
  EXPECT_TRUE(refuses_kernel(unreadable, ErrorCode::kSystemError,
                             "it may not be read by user " + std::to_string(geteuid()) +
                                 "; change its permissions, or those of the directories above it"));
  ASSERT_EQ(seteuid(self), 0);
}

TEST(Limits, OfDefinitionsAndOfSpecificationsAreTheSame) {
  EXPECT_STREQ(domain_xml::kMachineName, kMachineQ35_1_0);
  EXPECT_STREQ(domain_xml::kMachineAlias, kMachineAlias);
  EXPECT_EQ(domain_xml::kMaxVcpus, kMaxVcpus);
  EXPECT_EQ(domain_xml::kMinMemoryBytes, kMinMemoryBytes);
  EXPECT_EQ(domain_xml::kMaxMemoryBytes, kMaxMemoryBytes);
  EXPECT_EQ(domain_xml::kMaxCommandLine, kMaxCommandLine);
}

}  // namespace
}  // namespace virtsev::spec
