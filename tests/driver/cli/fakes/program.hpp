// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs the built virtsev, as a user does.
#pragma once

#include <string>
#include <vector>

#include "sevcore/base/bytes.hpp"
#include "tests/driver/cli/fakes/answer.hpp"

namespace virtsev::cli::test {

struct Outcome {
  int status = -1;
  std::string output;
  std::string errors;
  /// Standard output as JSON; fails the test where it is none.
  [[nodiscard]] Answer json() const;
};

/// Runs it in the C locale.
Outcome virtsev(const std::vector<std::string>& arguments);

/// A directory that goes with all that is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }
  /// Writes a file, and gives its path.
  std::string write(const std::string& name, ByteView content) const;
  std::string write(const std::string& name, const std::string& content) const;

 private:
  std::string path_;
};

std::string read_text(const std::string& path);
Bytes read_bytes(const std::string& path);

}  // namespace virtsev::cli::test
