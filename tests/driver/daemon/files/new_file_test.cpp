// SPDX-License-Identifier: LGPL-2.1-or-later
// Files of a user's choice: when they have their names, and what is left where that fails. Both ways: without
// a name until they are whole, and, as for file systems that have no such files, with another one.
#include "driver/daemon/files/new_file.hpp"

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::daemon {
namespace {

using Names = std::set<std::string>;

class NewFileIn : public ::testing::TestWithParam<NewFile::Nameless> {
 protected:
  NewFileIn() {
    std::string name = (std::filesystem::temp_directory_path() / "virtsev-new-file-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    std::filesystem::create_directory(root_ / "notes");
    std::filesystem::create_directory(root_ / "user");
  }
  ~NewFileIn() override { std::filesystem::remove_all(root_); }

  std::string path(const std::string& name = "file") const { return (root_ / "user" / name).string(); }
  std::unique_ptr<NewFile> make(std::uint64_t size = 0) const {
    return std::make_unique<NewFile>(path(), size, unfinished(), GetParam());
  }
  UnfinishedFiles unfinished() const { return UnfinishedFiles((root_ / "notes").string()); }
  Names names() const {
    Names found;
    for (const auto& entry : std::filesystem::directory_iterator(root_ / "user")) {
      found.insert(entry.path().filename().string());
    }
    return found;
  }
  bool named() const { return GetParam() == NewFile::Nameless::kNever; }
  mode_t mode() const {
    struct stat status {};
    EXPECT_EQ(0, ::stat(path().c_str(), &status));
    return status.st_mode & 07777U;
  }
  static std::string complaint_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }

  std::filesystem::path root_;
};

TEST_P(NewFileIn, HasItsNameOnlyWhenItIsWhole) {
  const auto file = make();
  file->write(bytes_of("content"));
  EXPECT_FALSE(names().contains("file"));
  EXPECT_EQ(named() ? 1U : 0U, names().size());
  EXPECT_EQ(named() ? 1U : 0U, unfinished().notes().size());
  file->finish();
  EXPECT_EQ(Names{"file"}, names());
  EXPECT_EQ("content", read_small(path()));
  EXPECT_EQ(0600U, mode());
  EXPECT_TRUE(unfinished().notes().empty());
}

TEST_P(NewFileIn, LeavesNothingWhereItIsNotFinished) {
  std::ofstream(path()) << "before";
  make()->write(bytes_of("half"));
  EXPECT_EQ(Names{"file"}, names());
  EXPECT_EQ("before", read_small(path()));
  EXPECT_TRUE(unfinished().notes().empty());
}

TEST_P(NewFileIn, TakesThePlaceOfAnotherUsersFile) {
  std::ofstream(path()) << "before";
  ASSERT_EQ(0, ::chmod(path().c_str(), 0666));
  if (::geteuid() == 0) {
    ASSERT_EQ(0, ::chown(path().c_str(), 12345, 12345));
  }
  const auto file = make();
  file->write(bytes_of("content"));
  EXPECT_EQ("before", read_small(path()));
  file->finish();
  struct stat status {};
  ASSERT_EQ(0, ::stat(path().c_str(), &status));
  EXPECT_EQ(::geteuid(), status.st_uid);
  EXPECT_EQ(0600U, mode());
  EXPECT_EQ(Names{"file"}, names());
  EXPECT_TRUE(unfinished().notes().empty());
}

TEST_P(NewFileIn, TakesThePlaceOfWhatWasMadeMeanwhile) {
  const auto file = make();
  std::ofstream(path()) << "meanwhile";
  file->write(bytes_of("content"));
  file->finish();
  EXPECT_EQ("content", read_small(path()));
}

TEST_P(NewFileIn, FollowsNoLinkThatWasMadeMeanwhile) {
  const auto file = make();
  std::ofstream(path("target")) << "kept";
  std::filesystem::create_symlink(path("target"), path());
  EXPECT_NE(std::string::npos, complaint_of([&] { file->finish(); }).find("is a symbolic link"));
  EXPECT_EQ("kept", read_small(path("target")));
}

TEST_P(NewFileIn, NamesADevice) {
  const std::string said =
      complaint_of([this] { const NewFile file("/dev/null", 0, unfinished(), GetParam()); });
  EXPECT_EQ(
      "invalid argument: '/dev/null' is a device; name a new file, or a regular file, which is then replaced",
      said);
}

TEST_P(NewFileIn, SaysThatItsDirectoryIsNotThere) {
  const std::string said =
      complaint_of([this] { const NewFile file(path("none/file"), 0, unfinished(), GetParam()); });
  EXPECT_NE(std::string::npos, said.find("No such file")) << said;
}

TEST_P(NewFileIn, ThatIsKilledOverIsSweptByItsNote) {
  if (!named()) {
    GTEST_SKIP() << "has no name that could be left";
  }
  const pid_t child = ::fork();
  if (child == 0) {
    const auto file = make();
    file->write(bytes_of("half"));
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(child, ::waitpid(child, &status, 0));
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(1U, names().size());
  for (const std::string& note : unfinished().notes()) {
    UnfinishedFiles::sweep(note);
  }
  EXPECT_TRUE(names().empty());
  EXPECT_TRUE(unfinished().notes().empty());
}

TEST(UnfinishedFiles, SweepsNothingButFilesOfItsOwnName) {
  std::string name = (std::filesystem::temp_directory_path() / "virtsev-notes-XXXXXX").string();
  const std::filesystem::path root = ::mkdtemp(name.data());
  const std::string digits = "0123456789abcdef";
  std::filesystem::create_directory(root / "notes");
  std::filesystem::create_symlink("/dev/null", root / (".virtsev-" + digits + ".unfinished"));
  for (const char* const target :
       {"precious", ".virtsev-0123456789abcdeg.unfinished", ".virtsev-.unfinished"}) {
    std::ofstream(root / target) << "kept";
    std::ofstream(root / "notes" / target) << (root / target).string();
  }
  std::ofstream(root / "notes" / "link") << (root / (".virtsev-" + digits + ".unfinished")).string();
  std::ofstream(root / "notes" / "empty");
  for (const std::string& note : UnfinishedFiles((root / "notes").string()).notes()) {
    UnfinishedFiles::sweep(note);
  }
  EXPECT_TRUE(UnfinishedFiles((root / "notes").string()).notes().empty());
  EXPECT_EQ(5, std::distance(std::filesystem::directory_iterator(root), {}));
  std::filesystem::remove_all(root);
}

INSTANTIATE_TEST_SUITE_P(Files, NewFileIn,
                         ::testing::Values(NewFile::Nameless::kIfPossible, NewFile::Nameless::kNever),
                         [](const auto& which) {
                           return which.param == NewFile::Nameless::kNever ? "WithAName" : "WithoutAName";
                         });

}  // namespace
}  // namespace virtsev::daemon
