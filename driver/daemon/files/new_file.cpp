// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/files/new_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::daemon {
namespace {

constexpr mode_t kMode = 0600;

[[noreturn]] void refuse_making(const std::string& path, int error_number) {
  throw Error(
      ErrorCode::kSystemError,
      text("cannot make the file '{}': {}; name a file in a directory of the host in which virtsevd can "
           "make files",
           path, error_text(error_number)));
}

std::string kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFLNK:
      return text("a symbolic link");
    case S_IFDIR:
      return text("a directory");
    case S_IFIFO:
      return text("a FIFO");
    case S_IFSOCK:
      return text("a socket");
    case S_IFCHR:
    case S_IFBLK:
      return text("a device");
    default:
      return text("something else");
  }
}

// Through a symbolic link that is the directory itself, as users have them. What another user could exchange
// meanwhile is not looked up twice: all that follows is relative to this descriptor.
UniqueFd open_directory(const std::string& path) {
  UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory && errno == EACCES) {  // One in which files can be made, and not listed
    directory.reset(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  return directory;
}

bool has_no_nameless_files(int error_number) {  // open(2); EISDIR and ENOENT come from older file systems
  return error_number == EOPNOTSUPP || error_number == EISDIR || error_number == ENOENT ||
         error_number == EINVAL;
}

}  // namespace

NewFile::NewFile(std::string path, std::uint64_t size, UnfinishedFiles unfinished, Nameless nameless)
    : path_(std::move(path)), size_(size), unfinished_(std::move(unfinished)) {
  const std::size_t slash = path_.rfind('/');
  parent_ = slash == 0 ? "/" : path_.substr(0, slash);
  name_ = path_.substr(slash + 1);
  directory_ = open_directory(parent_);
  if (!directory_) {
    refuse_making(path_, errno);
  }
  look_at_name();
  if (nameless == Nameless::kIfPossible) {
    fd_.reset(::openat(directory_.get(), ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, kMode));
    if (!fd_ && !has_no_nameless_files(errno)) {
      refuse_making(path_, errno);
    }
  }
  if (!fd_) {
    make_named();
  }
}

NewFile::~NewFile() { drop_name(); }

// Whether something has the name, which then is a regular file.
bool NewFile::look_at_name() const {
  struct stat status {};
  if (::fstatat(directory_.get(), name_.empty() ? "." : name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT) {
      refuse_making(path_, errno);
    }
    return false;
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("invalid argument: '{}' is {}; name a new file, or a regular file, which is then replaced",
             path_, kind_of(status.st_mode)));
  }
  return true;
}

void NewFile::make_named() {
  note_ = unfinished_.note(parent_);
  fd_.reset(::openat(directory_.get(), note_->file.c_str(),
                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kMode));
  if (!fd_) {
    const int error = errno;
    UnfinishedFiles::strike(*note_);
    note_.reset();
    refuse_making(path_, error);
  }
}

void NewFile::drop_name() {
  if (note_) {
    if (::unlinkat(directory_.get(), note_->file.c_str(), 0) == 0 || errno == ENOENT) {
      UnfinishedFiles::strike(*note_);
    }
    note_.reset();
  }
}

void NewFile::fail(int error_number) const {
  constexpr std::uint64_t kMiB = 1U << 20;
  if (error_number != ENOSPC && error_number != EDQUOT && error_number != EFBIG) {
    throw Error(ErrorCode::kSystemError,
                text("cannot write the file '{}': {}", path_, error_text(error_number)));
  }
  throw Error(ErrorCode::kSystemError,
              text("cannot write the file '{}': {}; it needs {} MiB: name a place with so much room", path_,
                   error_text(error_number), (size_ + kMiB - 1) / kMiB));
}

void NewFile::reserve() {
  const int outcome =
      uninterrupted([this] { return ::fallocate(fd_.get(), 0, 0, static_cast<off_t>(size_)); });
  if (outcome != 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
    fail(errno);
  }
}

void NewFile::write(ByteView bytes) {
  if (!write_all(fd_.get(), bytes)) {
    fail(errno);
  }
}

void NewFile::finish() {
  if (::fsync(fd_.get()) != 0) {
    fail(errno);
  }
  take_over_name();
  // Where the directory can't be read, it is not synchronised either.
  if (::fsync(directory_.get()) != 0 && errno != EBADF && errno != EINVAL) {
    fail(errno);
  }
}

// linkat(2) replaces nothing: only a file that has a name can take the place of another one.
void NewFile::take_over_name() {
  const std::string self = "/proc/self/fd/" + std::to_string(fd_.get());
  const auto link_as = [&](const std::string& name) {
    return ::linkat(AT_FDCWD, self.c_str(), directory_.get(), name.c_str(), AT_SYMLINK_FOLLOW) == 0;
  };
  const bool replaces = look_at_name();
  if (!note_ && !replaces) {
    if (link_as(name_)) {
      return;
    }
    if (errno != EEXIST) {
      fail(errno);
    }
    look_at_name();  // Somebody has just made it
  }
  if (!note_) {
    note_ = unfinished_.note(parent_);
    if (!link_as(note_->file)) {
      fail(errno);
    }
  }
  if (::renameat(directory_.get(), note_->file.c_str(), directory_.get(), name_.c_str()) != 0) {
    fail(errno);
  }
  UnfinishedFiles::strike(*note_);
  note_.reset();
}

}  // namespace virtsev::daemon
