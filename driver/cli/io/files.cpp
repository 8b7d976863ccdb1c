// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/io/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::cli {
namespace {

[[noreturn]] void fail(const std::string& path, int error) {
  throw Error(ErrorCode::kSystemError, text("{}: {}", path, std::strerror(error)));
}

/// The same for a file or folder that is to be made: where a folder above it is missing, names that.
[[noreturn]] void fail_to_make(const std::string& path, int error) {
  for (std::size_t slash = path.find('/', 1); error == ENOENT && slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string above = path.substr(0, slash);
    if (::access(above.c_str(), F_OK) != 0) {
      throw Error(ErrorCode::kSystemError,
                  text("{}: can't be made, because there is no {}; make that first", path, above));
    }
  }
  fail(path, error);
}

}  // namespace

Bytes read_file(const std::string& path, std::size_t limit) {
  const bool standard_input = path == "-";
  const UniqueFd opened(standard_input ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const int fd = standard_input ? STDIN_FILENO : opened.get();
  if (fd < 0) {
    fail(path, errno);
  }
  Bytes content;
  std::size_t length = 0;
  while (true) {
    // One byte more than the limit is enough to know that there is more.
    content.resize(std::min(std::max<std::size_t>(4096, length * 2), limit + 1));
    const ssize_t got =
        uninterrupted([&] { return ::read(fd, content.data() + length, content.size() - length); });
    if (got < 0) {
      fail(path, errno);
    }
    length += static_cast<std::size_t>(got);
    if (length > limit) {
      throw Error(ErrorCode::kInvalidArgument,
                  text("{}: the file is longer than {} bytes; such a file can't be meant", path, limit));
    }
    if (got == 0) {
      content.resize(length);
      return content;
    }
  }
}

void make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    fail_to_make(path, errno);
  }
}

void check_output(const std::string& option, const std::string& output,
                  const std::vector<std::string>& inputs) {
  struct stat there = {};
  if (::stat(output.c_str(), &there) != 0) {
    return;
  }
  for (const std::string& input : inputs) {
    struct stat status = {};
    if (!input.empty() && ::stat(input.c_str(), &status) == 0 && status.st_dev == there.st_dev &&
        status.st_ino == there.st_ino) {
      throw Error(ErrorCode::kInvalidArgument,
                  text("{} {}: would be written over {}, which it is made from; name another file", option,
                       output, input));
    }
  }
}

OutputFile::OutputFile(std::string path, Readers readers)
    : path_(std::move(path)), unfinished_(text("{}.{}.new", path_, ::getpid())) {
  if (path_ == "-") {
    throw Error(ErrorCode::kInvalidArgument, text("-: a result of this kind goes to a file; name one"));
  }
  // What a run of the same number left behind, or somebody put there: never followed, never written to.
  ::unlink(unfinished_.c_str());
  fd_.reset(::open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                   readers == Readers::kOwner ? 0600 : 0666));
  if (!fd_) {
    fail_to_make(path_, errno);
  }
}

OutputFile::~OutputFile() {
  if (!unfinished_.empty()) {
    ::unlink(unfinished_.c_str());
  }
}

void OutputFile::write(ByteView piece) {
  if (!write_all(fd_.get(), piece)) {
    fail(path_, errno);
  }
}

void OutputFile::finish() {
  if (::fsync(fd_.get()) != 0 || ::rename(unfinished_.c_str(), path_.c_str()) != 0) {
    fail(path_, errno);
  }
  unfinished_.clear();
}

void write_file(const std::string& path, ByteView content, Readers readers) {
  OutputFile file(path, readers);
  file.write(content);
  file.finish();
}

void write_file(const std::string& path, const std::string& content, Readers readers) {
  write_file(path, bytes_of(content), readers);
}

}  // namespace virtsev::cli
