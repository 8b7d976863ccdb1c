// SPDX-License-Identifier: LGPL-2.1-or-later
// The files of a simulated platform: kept, never silently replaced.
#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "sevcore/base/error.hpp"
#include "sevcore/host-check/platform_information.hpp"
#include "tests/sevcore/simulated/simulated_fixture.hpp"

namespace virtsev::sevcore {
namespace {

using ::testing::HasSubstr;

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

class PlatformFilesTest : public ::testing::Test {
 protected:
  /// The text of the Error that opening the platform throws; empty where it throws none.
  std::string failure(int identity_flags = O_RDWR) {
    try {
      directory_.platform(identity_flags);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  PlatformDirectory directory_;
};

TEST_F(PlatformFilesTest, KeepsTheIdentityFromOneUseToTheNext) {
  const auto pdh = [this] { return read_platform(*directory_.platform()->open_device()).pdh; };
  EXPECT_EQ(pdh(), pdh());
}

TEST_F(PlatformFilesTest, MakesEachPlatformAnIdentityOfItsOwn) {
  const PlatformDirectory other;
  EXPECT_NE(read_platform(*directory_.platform()->open_device()).chip_id,
            read_platform(*other.platform()->open_device()).chip_id);
}

TEST_F(PlatformFilesTest, RefusesATornIdentityAndLeavesItAsItIs) {
  directory_.platform();
  const std::string whole = content_of(directory_.identity_path());
  const std::string torn = whole.substr(0, whole.size() / 2);
  write(directory_.identity_path(), torn);
  EXPECT_THAT(failure(), HasSubstr("is damaged"));
  EXPECT_THAT(failure(), HasSubstr(directory_.identity_path()));
  EXPECT_EQ(content_of(directory_.identity_path()), torn);
  write(directory_.identity_path(), whole);
  EXPECT_EQ(failure(), "");
}

TEST_F(PlatformFilesTest, RefusesAForeignIdentityAndOneOfALaterVersion) {
  write(directory_.identity_path(), "a letter to the landlord");
  EXPECT_THAT(failure(), HasSubstr("is not a platform identity"));
  EXPECT_EQ(content_of(directory_.identity_path()), "a letter to the landlord");
  write(directory_.identity_path(), std::string(1 << 20, 'x'));
  EXPECT_THAT(failure(), HasSubstr("belongs to something else"));

  write(directory_.identity_path(), "");
  directory_.platform();
  std::string later = content_of(directory_.identity_path());
  later[16] = 2;
  write(directory_.identity_path(), later);
  EXPECT_THAT(failure(), HasSubstr("later version of virtsev"));
}

TEST_F(PlatformFilesTest, MakesNoIdentityThroughADescriptorForReading) {
  EXPECT_THAT(failure(O_RDONLY), HasSubstr("is empty"));
  EXPECT_EQ(content_of(directory_.identity_path()), "");
}

TEST_F(PlatformFilesTest, RefusesAnIdentityThatIsNoRegularFile) {
  EXPECT_THROW(SimulatedPlatform(UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC))), Error);
}

/// What a file may look like while save() writes it; see platform_files.cpp.
class InterruptedSaveTest : public PlatformFilesTest {
 protected:
  static constexpr std::size_t kSecondCopy = 32 * 1024;

  /// The file's content before and after new keys were made.
  InterruptedSaveTest() {
    directory_.platform();
    before_ = content_of(directory_.identity_path());
    make_new_keys();
    after_ = content_of(directory_.identity_path());
  }
  Outcome make_new_keys() {
    return directory_.platform()->open_device()->issue(PlatformCommand::kPdhGen, nullptr);
  }
  /// Writes a file that holds both.
  void leave(const std::string& first, const std::string& second) {
    std::string content = first;
    content.resize(kSecondCopy);
    write(directory_.identity_path(), content + second);
  }
  Bytes pdh() { return read_platform(*directory_.platform()->open_device()).pdh; }
  Bytes pdh_of(const std::string& content) {
    write(directory_.identity_path(), content);
    return pdh();
  }

  std::string before_;
  std::string after_;
};

TEST_F(InterruptedSaveTest, LeavesNothingBehindWhereItIsNotInterrupted) {
  EXPECT_NE(before_, after_);
  EXPECT_LT(after_.size(), kSecondCopy);
}

TEST_F(InterruptedSaveTest, WhileTheSecondCopyIsWrittenTheOldIdentityHolds) {
  const Bytes old = pdh_of(before_);
  for (const std::size_t written : {std::size_t{1}, after_.size() / 2, after_.size() - 1, after_.size()}) {
    leave(before_, after_.substr(0, written));
    EXPECT_EQ(pdh(), old) << written;
  }
}

TEST_F(InterruptedSaveTest, WhileTheFirstCopyIsWrittenOverTheNewIdentityHolds) {
  const Bytes fresh = pdh_of(after_);
  for (const std::size_t written : {std::size_t{150}, after_.size() / 2, after_.size() - 1}) {
    leave(after_.substr(0, written) + before_.substr(std::min(written, before_.size())), after_);
    EXPECT_EQ(pdh(), fresh) << written;
  }
}

TEST_F(InterruptedSaveTest, TheNextSaveDoesNotWriteOverTheOnlyWholeCopy) {
  leave(after_.substr(0, 5000), after_);
  ASSERT_TRUE(make_new_keys().ok());
  const std::string whole = content_of(directory_.identity_path());
  EXPECT_LT(whole.size(), kSecondCopy);
  EXPECT_EQ(failure(), "");
}

TEST_F(InterruptedSaveTest, BothCopiesDamagedIsSaid) {
  leave(after_.substr(0, 5000), after_.substr(0, 5000));
  EXPECT_THAT(failure(), HasSubstr("is damaged"));
}

TEST_F(InterruptedSaveTest, AFullDiskLosesNothing) {
  EXPECT_EXIT(
      {
        ::signal(SIGXFSZ, SIG_IGN);
        struct rlimit limit {};
        limit.rlim_cur = limit.rlim_max = kSecondCopy + 1000;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        bool refused = false;
        try {
          make_new_keys();
        } catch (const Error&) {
          refused = true;
        }
        ::_exit(refused ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
  EXPECT_EQ(content_of(directory_.identity_path()), after_);
}

TEST_F(PlatformFilesTest, LeavesAnEmptyFileWhereTheDiskIsFullAtFirstUse) {
  // A limit on file sizes stands for the full disk; it holds for a process, so a child of its own meets it.
  EXPECT_EXIT(
      {
        ::signal(SIGXFSZ, SIG_IGN);
        struct rlimit limit {};
        limit.rlim_cur = limit.rlim_max = 1000;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const std::string text = failure();
        ::_exit(text.find(directory_.identity_path()) != std::string::npos ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
  EXPECT_EQ(content_of(directory_.identity_path()), "");
  EXPECT_EQ(failure(), "");
}

}  // namespace
}  // namespace virtsev::sevcore
