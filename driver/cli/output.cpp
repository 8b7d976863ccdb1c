// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/output.hpp"

#include <cstdio>

#include "driver/cli/json.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

/// Files, XML and hosts name things; none of them may steer the user's terminal. Also U+0080 to U+009F, which
/// some terminals take for controls.
std::string printable(std::string text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool control = (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f;
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (control) {
      text[i] = '?';
    } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {
      text.replace(i, 2, "?");
    }
  }
  return text;
}

}  // namespace

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
