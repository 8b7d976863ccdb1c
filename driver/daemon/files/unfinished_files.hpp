// SPDX-License-Identifier: LGPL-2.1-or-later
// Names of files that virtsevd is about to make in users' directories, and that are to be gone where it is
// killed meanwhile. Each is written down in a directory of virtsevd's own before it is made.
#pragma once

#include <string>
#include <vector>

namespace virtsev::daemon {

class UnfinishedFiles {
 public:
  /// `directory`: virtsevd's own, which must be there, and outlives a restart of the host.
  explicit UnfinishedFiles(std::string directory) : directory_(std::move(directory)) {}

  /// A name in `parent` that nobody has, ".virtsev-", 16 digits and ".unfinished", written down. Returns the
  /// note. Throws Error(kSystemError). Waits for the disk.
  struct Note {
    std::string file;  ///< The name, without `parent`
    std::string path;  ///< Where it is written down
  };
  [[nodiscard]] Note note(const std::string& parent) const;
  /// The file is whole, or gone.
  static void strike(const Note& note);

  /// Where an earlier virtsevd wrote names down. None of this one's own may be among them: at the start.
  [[nodiscard]] std::vector<std::string> notes() const;
  /// Removes the file that is written down at `note_path`, and the note. Where the file lies on a server that
  /// is gone this does not return. What is not a file of that name, of this user's own, stays. Throws Error
  /// where a file can't be removed; the note is then kept for the next start.
  static void sweep(const std::string& note_path);

 private:
  std::string directory_;
};

}  // namespace virtsev::daemon
