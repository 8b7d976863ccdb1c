// SPDX-License-Identifier: LGPL-2.1-or-later
// The files that commands read and write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::cli {

/// Reads a file, a pipe, or with "-" standard input. Throws Error naming `path` where it can't be read, or is
/// longer than `limit` bytes.
Bytes read_file(const std::string& path, std::size_t limit);

/// Who may read a written file.
enum class Readers : std::uint8_t {
  kOwner,     ///< 0600, from its first byte on
  kEverybody  ///< 0666, less the umask
};

/// Makes the directory for a command's results, for its owner alone, unless it is there.
void make_directory(const std::string& path);

/// Throws Error where a result would be written over one of the files that it is made from. `option` is what
/// messages name; empty inputs, and "-", are none.
void check_output(const std::string& option, const std::string& output,
                  const std::vector<std::string>& inputs);

/// A new file, which takes its place only when it is finished: there is never a half of one. Its members
/// throw Error.
class OutputFile {
 public:
  OutputFile(std::string path, Readers readers);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();  ///< Not finished: nothing stays
  void write(ByteView piece);
  void finish();

 private:
  std::string path_;
  std::string unfinished_;  ///< Empty: finished
  UniqueFd fd_;
};

/// A OutputFile with this content.
void write_file(const std::string& path, ByteView content, Readers readers);
void write_file(const std::string& path, const std::string& content, Readers readers);

}  // namespace virtsev::cli
