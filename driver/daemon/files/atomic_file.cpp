// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/files/atomic_file.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::string_view kRandomPart = ".XXXXXX";  // mkostemp(3) puts letters and digits for each X

std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::string temporary_beside(const std::string& path) {
  const std::size_t name = path.rfind('/') + 1;
  return path.substr(0, name) + "." + path.substr(name) + std::string(kRandomPart);
}

bool is_left_over(const std::string& file, const std::string& suffix) {
  const std::size_t tail = suffix.size() + kRandomPart.size();
  if (file.size() <= tail + 1 || file.front() != '.') {
    return false;
  }
  const std::string end = file.substr(file.size() - tail);
  return end.starts_with(suffix + ".") && std::all_of(end.begin() + suffix.size() + 1, end.end(),
                                                      [](unsigned char c) { return std::isalnum(c) != 0; });
}

[[noreturn]] void fail(const std::string& path, int error_number) {
  throw Error(ErrorCode::kSystemError, text("cannot write '{}': {}", path, error_text(error_number)));
}

}  // namespace

void sync_directory(const std::string& directory) {
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) {
    fail(directory, errno);
  }
}

void write_atomically(const std::string& path, const std::string& content, Durable durable) {
  std::string temporary = temporary_beside(path);
  const UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));  // Made with mode 0600
  if (!fd) {
    fail(path, errno);
  }
  int error = write_all(fd.get(), bytes_of(content)) ? 0 : errno;
  if (error == 0 && durable == Durable::kYes && ::fsync(fd.get()) != 0) {
    error = errno;
  }
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) {
    error = errno;
  }
  if (error != 0) {
    ::unlink(temporary.c_str());
    fail(path, error);
  }
  if (durable == Durable::kYes) {
    sync_directory(directory_of(path));
  }
}

void remove_left_overs(const std::string& directory, const std::string& suffix) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (is_left_over(entry.path().filename().string(), suffix)) {
      std::filesystem::remove(entry.path(), error);
    }
  }
}

void remove_file(const std::string& path, Durable durable) {
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) {
      return;
    }
    throw Error(ErrorCode::kSystemError, text("cannot remove '{}': {}", path, error_text(errno)));
  }
  if (durable == Durable::kYes) {
    sync_directory(directory_of(path));
  }
}

}  // namespace virtsev::daemon
