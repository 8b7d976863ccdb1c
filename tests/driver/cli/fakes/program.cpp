// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/driver/cli/fakes/program.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace virtsev::cli::test {

Answer Outcome::json() const {
  EXPECT_FALSE(output.empty()) << errors;
  return Answer::parse(output);
}

Outcome virtsev(const std::vector<std::string>& arguments) {
  const TemporaryDirectory directory;
  const std::string output = directory.path("out");
  const std::string errors = directory.path("err");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(), O_WRONLY | O_CREAT, 0600);
  std::vector<std::string> words = {VIRTSEV_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  ::setenv("LC_ALL", "C", 1);
  pid_t pid = -1;
  if (posix_spawn(&pid, VIRTSEV_PROGRAM, &actions, nullptr, argv.data(), environ) != 0) {
    throw std::runtime_error(VIRTSEV_PROGRAM " can't be run");
  }
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_text(output), read_text(errors)};
}

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "virtsev-test.XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error(pattern + " can't be made");
  }
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::write(const std::string& name, ByteView content) const {
  std::ofstream file(path(name), std::ios::binary);
  file.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  return path(name);
}

std::string TemporaryDirectory::write(const std::string& name, const std::string& content) const {
  return write(name, bytes_of(content));
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

Bytes read_bytes(const std::string& path) {
  const std::string content = read_text(path);
  return {content.begin(), content.end()};
}

}  // namespace virtsev::cli::test
