// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/io/output.hpp"

#include <cstdio>

#include "driver/cli/io/json.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/printable.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {

// Files, XML and hosts name things; none of them may steer the user's terminal: all that is said is
// printable().

void print(const std::string& line) {
  std::fputs(printable(line).c_str(), stdout);
  std::fputc('\n', stdout);
}

void print(const Json& value) { print(value.dump()); }

void note(const std::string& message) {
  std::fflush(stdout);
  std::fputs(printable("virtsev: " + message + "\n").c_str(), stderr);
}

void finish_output() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw Error(ErrorCode::kSystemError, text("standard output could not be written"));
  }
}

}  // namespace virtsev::cli
