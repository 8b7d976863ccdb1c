// SPDX-License-Identifier: LGPL-2.1-or-later
// A file of a user's choice that virtsevd writes. It has its name only when it is whole, and is this
// process's user's alone (mode 0600), whatever had the name before. Its calls wait for the disk, or for ever
// where that is on a file server that is gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "driver/daemon/files/unfinished_files.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

class NewFile {
 public:
  /// Whether the file may have no name at all until it is whole (O_TMPFILE), as it then can't be left behind.
  /// Not every file system has such files: then it has a name of UnfinishedFiles' meanwhile.
  enum class Nameless { kIfPossible, kNever };

  /// Makes it, beside what has the name `path` (absolute), for `size` bytes in all. Throws Error:
  /// kInvalidArgument where `path` is something else than a regular file, or no file's name; kSystemError.
  NewFile(std::string path, std::uint64_t size, UnfinishedFiles unfinished,
          Nameless nameless = Nameless::kIfPossible);
  /// Without finish() nothing is left of it.
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  /// A disk that is too small says so here, before anybody waits for the content. A file system that can't
  /// reserve room says it while it is written to.
  void reserve();
  void write(ByteView bytes);
  /// When this returns it is on the disk under its name, in the place of what had that name.
  void finish();

 private:
  void make_named();
  bool look_at_name() const;
  void take_over_name();
  void drop_name();
  [[noreturn]] void fail(int error_number) const;

  const std::string path_;
  const std::uint64_t size_;
  const UnfinishedFiles unfinished_;
  std::string parent_, name_;
  UniqueFd directory_, fd_;
  std::optional<UnfinishedFiles::Note> note_;  ///< Where it has a name that is not its own
};

}  // namespace virtsev::daemon
