// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dump/core_file.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::size_t kPieceBytes = 1U << 20;

[[noreturn]] void refuse_opening(const std::string& path) {
  throw Error(ErrorCode::kSystemError,
              text("cannot open the core file '{}': {}; name a file in a directory of the host that "
                   "virtsevd can write to",
                   path, error_text(errno)));
}

[[noreturn]] void refuse_writing(const std::string& path, std::uint64_t size) {
  constexpr std::uint64_t kMiB = 1U << 20;
  throw Error(ErrorCode::kSystemError,
              text("cannot write the core file '{}': {}; it needs {} MiB: name a place with so much room",
                   path, error_text(errno), (size + kMiB - 1) / kMiB));
}

/// Undoes what it did unless it is told to keep it.
class CoreFile {
 public:
  CoreFile(const std::string& path, std::uint64_t size) : path_(path), size_(size) {
    // No link is followed: in a directory that others may write to, it could lead anywhere.
    fd_ = UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    created_ = fd_.valid();
    if (!created_ && errno != EEXIST) {
      refuse_opening(path);
    }
    if (!created_) {
      open_existing();
    }
  }
  ~CoreFile() {
    if (kept_) {
      return;
    }
    struct stat here {};
    struct stat there {};
    if (!created_) {
      [[maybe_unused]] const int emptied = ::ftruncate(fd_.get(), 0);  // What is half a dump is none
    } else if (::fstat(fd_.get(), &here) == 0 && ::lstat(path_.c_str(), &there) == 0 &&
               here.st_ino == there.st_ino && here.st_dev == there.st_dev) {
      ::unlink(path_.c_str());
    }
  }
  CoreFile(const CoreFile&) = delete;
  CoreFile& operator=(const CoreFile&) = delete;

  /// A disk that is too small says so here, before anybody waits for the dump. A file system that can't
  /// reserve room says it while it is written to.
  void reserve() {
    int outcome = 0;
    do {
      outcome = ::fallocate(fd_.get(), 0, 0, static_cast<off_t>(size_));
    } while (outcome != 0 && errno == EINTR);
    if (outcome != 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
      refuse_writing(path_, size_);
    }
  }
  void write(ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno != EINTR) {
        refuse_writing(path_, size_);
      }
      bytes = bytes.subspan(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
  }
  void keep() {
    if (::fsync(fd_.get()) != 0) {
      refuse_writing(path_, size_);
    }
    kept_ = true;
  }

 private:
  // Looked at before it is opened: a FIFO would wait for its reader.
  void open_existing() {
    const UniqueFd found(::open(path_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!found) {
      refuse_opening(path_);
    }
    struct stat status {};
    if (::fstat(found.get(), &status) != 0) {
      refuse_opening(path_);
    }
    if (!S_ISREG(status.st_mode)) {
      throw Error(
          ErrorCode::kInvalidArgument,
          text("invalid argument: the core file '{}' is there already, and is no regular file; name a "
               "new one",
               path_));
    }
    const std::string same = "/proc/self/fd/" + std::to_string(found.get());
    fd_ = UniqueFd(::open(same.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd_) {
      refuse_opening(path_);
    }
    if (::ftruncate(fd_.get(), 0) != 0) {
      refuse_writing(path_, size_);
    }
  }

  const std::string path_;
  const std::uint64_t size_;
  UniqueFd fd_;
  bool created_ = false, kept_ = false;
};

}  // namespace

void write_core_file(const std::string& path, std::uint64_t size, UniqueFd peer) {
  CoreFile file(path, size);
  file.reserve();
  constexpr std::uint8_t kOpened = 1;
  // Where nobody is there any more, the next call finds that out.
  [[maybe_unused]] const ssize_t told = ::send(peer.get(), &kOpened, sizeof kOpened, MSG_NOSIGNAL);
  Bytes buffer(kPieceBytes);
  for (std::uint64_t left = size; left > 0;) {
    const ssize_t got = ::read(peer.get(), buffer.data(), std::min<std::uint64_t>(left, buffer.size()));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      throw Error(ErrorCode::kOperationAborted, text("the dump to '{}' was given up", path));
    }
    file.write({buffer.data(), static_cast<std::size_t>(got)});
    left -= static_cast<std::uint64_t>(got);
  }
  file.keep();
}

}  // namespace virtsev::daemon
