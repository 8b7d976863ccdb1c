// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/files/unfinished_files.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/daemon/files/atomic_file.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::string_view kBegin = ".virtsev-";
constexpr std::string_view kEnd = ".unfinished";
constexpr std::size_t kDigits = 16;

std::string random_digits() {
  std::array<std::uint8_t, kDigits / 2> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw Error(ErrorCode::kSystemError, text("the kernel gives no random numbers: {}", error_text(errno)));
  }
  return to_hex(bytes);
}

bool is_ours(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return path.starts_with('/') && name.size() == kBegin.size() + kDigits + kEnd.size() &&
         name.starts_with(kBegin) && name.ends_with(kEnd) &&
         std::all_of(name.begin() + kBegin.size(), name.end() - kEnd.size(),
                     [](unsigned char c) { return std::isxdigit(c) != 0; });
}

}  // namespace

UnfinishedFiles::Note UnfinishedFiles::note(const std::string& parent) const {
  const std::string digits = random_digits();
  Note note{std::string(kBegin) + digits + std::string(kEnd), directory_ + "/" + digits};
  write_atomically(note.path, parent + (parent.ends_with('/') ? "" : "/") + note.file, Durable::kYes);
  return note;
}

void UnfinishedFiles::strike(const Note& note) { ::unlink(note.path.c_str()); }

std::vector<std::string> UnfinishedFiles::notes() const {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    found.push_back(entry.path().string());
  }
  return found;
}

void UnfinishedFiles::sweep(const std::string& note_path) {
  constexpr std::size_t kMaxPath = 8192;
  const std::string file = read_file(note_path, kMaxPath).value_or("");
  struct stat status {};
  if (is_ours(file) && ::lstat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
      status.st_uid == ::geteuid() && ::unlink(file.c_str()) != 0 && errno != ENOENT) {
    throw Error(ErrorCode::kSystemError,
                text("'{}' is what an earlier virtsevd left unfinished, and can't be removed: {}; remove it",
                     file, error_text(errno)));
  }
  ::unlink(note_path.c_str());
}

}  // namespace virtsev::daemon
