// SPDX-License-Identifier: LGPL-2.1-or-later
// The record of a session's launches: what it remembers, and what it refuses to have forgotten.
#include "driver/cli/owner/launch_record.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "sevcore/base/error.hpp"

namespace virtsev::cli {
namespace {

using testing::HasSubstr;

constexpr ByteArray<16> kOne = {1, 2, 3};
constexpr ByteArray<16> kOther = {1, 2, 4};

class LaunchRecord : public testing::Test {
 protected:
  LaunchRecord() {
    std::string pattern = (std::filesystem::temp_directory_path() / "virtsev-record.XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~LaunchRecord() override { std::filesystem::remove_all(directory_); }
  [[nodiscard]] std::string path() const { return directory_ + "/launches"; }
  [[nodiscard]] std::string content() const {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& content) const { std::ofstream(path(), std::ios::binary) << content; }
  auto tell(const ByteArray<16>& nonce, LaunchStep step, KernelCover kernel = KernelCover::kUnknown) const {
    return record_launch(directory_, nonce, step, kernel);
  }
  [[nodiscard]] std::string refusal() const {
    try {
      tell(kOne, LaunchStep::kVerified);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  std::string directory_;
};

TEST_F(LaunchRecord, KnowsALaunchByItsNonce) {
  EXPECT_FALSE(find_launch(directory_, kOne)) << "there is no record yet";
  EXPECT_FALSE(tell(kOne, LaunchStep::kVerified));
  const auto known = tell(kOne, LaunchStep::kFinished);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->step, LaunchStep::kVerified);
  EXPECT_THAT(known->when, testing::MatchesRegex("....-..-..T..:..:..Z"));
  EXPECT_EQ(tell(kOne, LaunchStep::kFinished)->step, LaunchStep::kFinished);
  EXPECT_EQ(tell(kOne, LaunchStep::kVerified)->step, LaunchStep::kFinished)
      << "a later step is not forgotten";
  EXPECT_EQ(find_launch(directory_, kOne)->step, LaunchStep::kFinished);
  EXPECT_FALSE(find_launch(directory_, kOther));
}

TEST_F(LaunchRecord, KeepsTheLastWordOnTheKernel) {
  tell(kOne, LaunchStep::kVerified, KernelCover::kNotCovered);
  tell(kOne, LaunchStep::kPacked);
  EXPECT_EQ(find_launch(directory_, kOne)->kernel, KernelCover::kNotCovered);
  tell(kOne, LaunchStep::kVerified, KernelCover::kCovered);
  EXPECT_EQ(find_launch(directory_, kOne)->kernel, KernelCover::kCovered);
  EXPECT_EQ(find_launch(directory_, kOne)->step, LaunchStep::kPacked);
}

TEST_F(LaunchRecord, DoesNotGrowByWhatItKnows) {
  tell(kOne, LaunchStep::kVerified, KernelCover::kCovered);
  const std::string once = content();
  for (int i = 0; i < 5; ++i) {
    tell(kOne, LaunchStep::kVerified, KernelCover::kCovered);
  }
  EXPECT_EQ(content(), once);
  struct stat status = {};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_F(LaunchRecord, ARunThatWasCutOffLeavesNoLine) {
  tell(kOne, LaunchStep::kFinished);
  const std::string whole = content();
  write(whole + "finished covered 0102");
  EXPECT_EQ(find_launch(directory_, kOne)->step, LaunchStep::kFinished);
  EXPECT_FALSE(tell(kOther, LaunchStep::kVerified));
  EXPECT_EQ(content().substr(0, whole.size()), whole);
  EXPECT_EQ(find_launch(directory_, kOther)->step, LaunchStep::kVerified);
}

TEST_F(LaunchRecord, IsNotPassedOverWhereItIsDamaged) {
  const std::string good = "verified covered 01020300000000000000000000000000 2026-11-28T10:00:00Z\n";
  write(good);
  EXPECT_EQ(refusal(), "");
  for (const std::string& bad :
       {std::string("\n"), std::string("known covered 01020300000000000000000000000000 t\n"),
        std::string("verified covered 0102 t\n"), std::string("verified covered\n"),
        good.substr(0, good.size() - 1) + " more\n", std::string(400'000, 'x')}) {
    write(good + bad);
    EXPECT_THAT(refusal(), HasSubstr(path())) << bad.substr(0, 60);
  }
}

TEST_F(LaunchRecord, ForgetsNothingWhenItIsFull) {
  std::string lines;
  for (std::size_t i = 0; i < kMostRecorded; ++i) {
    lines += "finished covered 0102030000000000000000000000000" + std::to_string(i % 10) +
             " 2026-11-28T10:00:00Z\n";
  }
  write(lines);
  EXPECT_EQ(tell(kOne, LaunchStep::kFinished)->step, LaunchStep::kFinished) << "what it knows, it still says";
  EXPECT_THROW(tell(kOther, LaunchStep::kFinished), Error);
  EXPECT_THROW(check_record(directory_), Error);
  EXPECT_EQ(content(), lines);
  forget_launches(directory_);
  EXPECT_NO_THROW(check_record(directory_));
}

TEST_F(LaunchRecord, IsAFileAndNothingElse) {
  std::filesystem::create_symlink(directory_ + "/elsewhere", path());
  EXPECT_THAT(refusal(), HasSubstr(path()));
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/elsewhere"));
  std::filesystem::remove(path());
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_THAT(refusal(), HasSubstr("not a regular file"));
  directory_ += "/none";
  EXPECT_THAT(refusal(), HasSubstr(path()));
  directory_ = std::filesystem::path(directory_).parent_path();
}

TEST_F(LaunchRecord, TellsOneOfManyAtOnceThatItIsTheFirst) {
  std::atomic<int> first = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back(
        [&] { first += record_launch(directory_, kOne, LaunchStep::kFinished, {}) ? 0 : 1; });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(first, 1);
}

TEST(LaunchRecordPlace, IsBesideTheTik) {
  EXPECT_EQ(record_directory("owner/tik.bin"), "owner");
  EXPECT_EQ(record_directory("tik.bin"), ".");
  EXPECT_EQ(record_directory("/dev/shm/owner/tik.bin"), "/dev/shm/owner");
  for (const char* nowhere : {"-", "/dev/stdin", "/dev/fd/3", "/proc/self/fd/3"}) {
    EXPECT_EQ(record_directory(nowhere), std::nullopt) << nowhere;
  }
}

}  // namespace
}  // namespace virtsev::cli
