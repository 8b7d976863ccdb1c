// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/output.hpp"

#include <cstdio>

#include <nlohmann/json.hpp>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {

void print(const std::string& line) {
  std::fputs(line.c_str(), stdout);
  std::fputc('\n', stdout);
}

void print(const nlohmann::ordered_json& value) {
  // A path need not be UTF-8; JSON must.
  print(value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void note(const std::string& message) {
  std::fflush(stdout);
  std::fputs(("virtsev: " + message + "\n").c_str(), stderr);
}

void finish_output() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw Error(ErrorCode::kSystemError, text("standard output could not be written"));
  }
}

}  // namespace virtsev::cli
