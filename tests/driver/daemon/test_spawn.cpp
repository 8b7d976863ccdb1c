// SPDX-License-Identifier: LGPL-2.1-or-later
// What a monitor finds when it is born.
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver/daemon/monitor/process.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {
namespace {

constexpr const char* kLocaleVariables[] = {"LC_ALL", "LC_MESSAGES", "LC_CTYPE", "LANG", "LANGUAGE"};

class Spawn : public ::testing::Test {
 protected:
  Spawn() {
    for (const char* name : kLocaleVariables) {
      const char* value = std::getenv(name);
      before_.emplace_back(name, value != nullptr ? value : "");
      ::unsetenv(name);
    }
  }
  ~Spawn() override {
    for (const auto& [name, value] : before_) {
      value.empty() ? ::unsetenv(name.c_str()) : ::setenv(name.c_str(), value.c_str(), 1);
    }
  }

  /// What env(1) says in a monitor's place.
  static std::string environment() {
    const UniqueFd log(::memfd_create("log", MFD_CLOEXEC));
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    SpawnOptions options;
    options.program = "/usr/bin/env";
    options.control_socket = null.get();
    options.log = log.get();
    const Process process = spawn(options);
    pollfd ended{process.pidfd.get(), POLLIN, 0};
    ::poll(&ended, 1, -1);
    collect(process);
    std::string text(4096, '\0');
    const ssize_t length = ::pread(log.get(), text.data(), text.size(), 0);
    text.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
    return "\n" + text;
  }

 private:
  std::vector<std::pair<std::string, std::string>> before_;
};

TEST_F(Spawn, AMonitorSpeaksItsDaemonsLanguage) {
  ::setenv("LANG", "de_DE.UTF-8", 1);
  ::setenv("LANGUAGE", "de:en", 1);
  const std::string found = environment();
  EXPECT_NE(found.find("\nLANG=de_DE.UTF-8\n"), std::string::npos) << found;
  EXPECT_NE(found.find("\nLANGUAGE=de:en\n"), std::string::npos) << found;
  EXPECT_EQ(found.find("LC_ALL"), std::string::npos) << found;
}

TEST_F(Spawn, WithoutALocaleItsTextsAreUtf8AllTheSame) {
  EXPECT_NE(environment().find("\nLC_ALL=C.UTF-8\n"), std::string::npos);
  ::setenv("LANGUAGE", "de", 1);
  EXPECT_NE(environment().find("\nLC_ALL=C.UTF-8\n"), std::string::npos) << "LANGUAGE is no locale";
}

TEST_F(Spawn, NothingElseOfTheEnvironmentIsPassedOn) {
  ::setenv("VIRTSEV_TEST_SECRET", "hush", 1);
  const std::string found = environment();
  ::unsetenv("VIRTSEV_TEST_SECRET");
  EXPECT_EQ(found.find("hush"), std::string::npos);
  EXPECT_NE(found.find("\nPATH="), std::string::npos);
}

}  // namespace
}  // namespace virtsev::daemon
