// SPDX-License-Identifier: LGPL-2.1-or-later
// From a definition to a machine, and what a path may name.
#include "driver/spec-from-xml/virtsev/open_machine.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "driver/spec-from-xml/open_file.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::spec {
namespace {

/// An empty directory with a definition whose kernel and initrd are in it.
class OpenMachine : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "open-machine-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    definition_.os.machine = machine::kQ35_1_0;
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
      open_machine(definition_);
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

TEST_F(OpenMachine, SaysWhatTheDefinitionSays) {
  const OpenedMachine opened = open_machine(definition_);
  const Machine& machine = opened.machine;
  const Payload& payload = *payload_of(machine.boot);
  EXPECT_EQ(machine.version, machine::Version::kQ35_1_0);
  EXPECT_EQ(machine.memory_bytes, 512ULL << 20);
  EXPECT_EQ(machine.vcpus, 2U);
  EXPECT_EQ(machine.protection, sevcore::Protection(sevcore::SevEs{sevcore::Policy(7), {}}));
  EXPECT_EQ(payload.command_line, "console=ttyS0");
  EXPECT_EQ(payload.kernel.path, definition_.os.kernel);
  EXPECT_EQ(read_all(payload.kernel.fd), "kernel");
  ASSERT_TRUE(payload.initrd);
  EXPECT_EQ(payload.initrd->path, definition_.os.initrd);
  EXPECT_EQ(read_all(payload.initrd->fd), "initrd");
}

TEST_F(OpenMachine, StaysValidWhenItIsMoved) {
  OpenedMachine first = open_machine(definition_);
  const OpenedMachine second = std::move(first);
  EXPECT_EQ(read_all(payload_of(second.machine.boot)->kernel.fd), "kernel");
}

TEST_F(OpenMachine, DescriptorsDoNotLeakIntoPrograms) {
  const OpenedMachine opened = open_machine(definition_);
  const int kernel = payload_of(opened.machine.boot)->kernel.fd;
  EXPECT_TRUE(fcntl(kernel, F_GETFD) & FD_CLOEXEC);
  EXPECT_EQ(fcntl(kernel, F_GETFL) & O_ACCMODE, O_RDONLY);
}

TEST_F(OpenMachine, NeedsNoInitrd) {
  definition_.os.initrd.clear();
  const OpenedMachine opened = open_machine(definition_);
  EXPECT_FALSE(payload_of(opened.machine.boot)->initrd);
  EXPECT_EQ(opened.files.size(), 1U);
}

TEST_F(OpenMachine, GivesWholePagesOfMemory) {
  definition_.memory_bytes = (512ULL << 20) + 1024;
  EXPECT_EQ(open_machine(definition_).machine.memory_bytes, (512ULL << 20) + 4096);
}

TEST_F(OpenMachine, SaysSoWhereNothingProtectsTheGuest) {
  definition_.launch_security.reset();
  EXPECT_FALSE(sevcore::is_protected(open_machine(definition_).machine.protection));
}

TEST_F(OpenMachine, RefusesAMachineThatItDoesNotHave) {
  definition_.os.machine = "virtsev-q35-9.0";
  EXPECT_THROW(open_machine(definition_), Error);
}

TEST_F(OpenMachine, RefusesMoreSlotsThanFirmwareFindsDisksBeside) {
  definition_.root_ports.resize(5);
  EXPECT_NO_THROW(open_machine(definition_)) << "without firmware there may be more";
  definition_.os.kernel.clear();
  try {
    open_machine(definition_);
    FAIL() << "nothing was refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kConfigUnsupported);
    EXPECT_NE(std::string(error.what()).find("at most 4 slots"), std::string::npos) << error.what();
  }
}

TEST_F(OpenMachine, RefusesAMissingFile) {
  EXPECT_TRUE(refuses_kernel(directory_ + "/none", ErrorCode::kSystemError,
                             "there is no such file; correct the path, or put the file there"));
  EXPECT_TRUE(refuses_kernel(definition_.os.initrd + "/none", ErrorCode::kSystemError,
                             "a part of the path is not a directory; correct the path"));
}

TEST_F(OpenMachine, NamesTheInitrdWhereThatIsAtFault) {
  definition_.os.initrd = directory_ + "/none";
  try {
    open_machine(definition_);
    FAIL() << "was opened";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              "<os><initrd>: '" + directory_ +
                  "/none' can't be used: there is no such file; correct the path, or put the "
                  "file there");
  }
}

TEST_F(OpenMachine, RefusesADirectory) {
  EXPECT_TRUE(
      refuses_kernel(directory_, ErrorCode::kConfigUnsupported, "it is a directory; name the file in it"));
}

TEST_F(OpenMachine, RefusesAnEmptyFile) {
  EXPECT_TRUE(refuses_kernel(make_file("empty", ""), ErrorCode::kConfigUnsupported,
                             "it is empty; put the right file there"));
}

const std::string kNoFile =
    "it is neither a regular file nor a block device (a FIFO or a character device could keep the host "
    "waiting); name one "
    "that is";

TEST_F(OpenMachine, RefusesAFifoWithoutWaitingForIt) {
  const std::string path = directory_ + "/fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_TRUE(refuses_kernel(path, ErrorCode::kConfigUnsupported, kNoFile));
}

TEST_F(OpenMachine, RefusesACharacterDevice) {
  EXPECT_TRUE(refuses_kernel("/dev/zero", ErrorCode::kConfigUnsupported, kNoFile));
}

TEST_F(OpenMachine, RefusesASocket) {
  const std::string path = directory_ + "/socket";
  const UniqueFd listener(socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_TRUE(refuses_kernel(path, ErrorCode::kConfigUnsupported, kNoFile));
}

TEST_F(OpenMachine, RefusesACircleOfLinks) {
  const std::string path = directory_ + "/circle";
  std::filesystem::create_symlink(path, path);
  EXPECT_TRUE(
      refuses_kernel(path, ErrorCode::kSystemError, "its symbolic links lead in a circle; correct them"));
}

TEST_F(OpenMachine, RefusesAFileThatMayNotBeRead) {
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

}  // namespace
}  // namespace virtsev::spec
