// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev-vmm's command line.
#include "driver/vmm/options.hpp"

#include <string>
#include <vector>

#include <getopt.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace virtsev::vmm::test {
namespace {

std::optional<Options> parse(std::vector<std::string> words, int& status) {
  words.insert(words.begin(), "virtsev-vmm");
  std::vector<char*> arguments;
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  ::optind = 0;
  return parse_options(static_cast<int>(words.size()), arguments.data(), status);
}

TEST(Options, TakeAControlSocketAndNames) {
  int status = 0;
  const auto options = parse({"--control-fd", "3", "--name", "guest", "--peer-uid", "107"}, status);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->control_fd, 3);
  EXPECT_EQ(options->name, "guest");
  EXPECT_EQ(options->peer_uid, 107U);
}

TEST(Options, NeedAControlSocket) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                {"--control-fd", "x"},
                                                {"--control-fd", "-1"},
                                                {"--peer-uid", "me", "--control-fd", "3"}}) {
    int status = 0;
    EXPECT_FALSE(parse(words, status));
    EXPECT_EQ(status, 2);
  }
}

TEST(Options, LetVirtsevdAloneConnectWhereItsUidIsGiven) {
  Options options;
  EXPECT_EQ(allowed_peers(options), (std::vector<uid_t>{0, ::getuid()}));
  options.peer_uid = 107;
  EXPECT_EQ(allowed_peers(options), std::vector<uid_t>{107});
}

TEST(Options, HelpAndVersionAreNoError) {
  for (const char* word : {"--help", "--version"}) {
    int status = 1;
    EXPECT_FALSE(parse({word}, status));
    EXPECT_EQ(status, 0);
  }
}

}  // namespace
}  // namespace virtsev::vmm::test
