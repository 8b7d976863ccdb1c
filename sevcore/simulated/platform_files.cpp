// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/simulated/platform_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::sevcore {
namespace {

constexpr std::size_t kMaxIdentity = 64 * 1024;
/// Where save() keeps a second copy of what it is about to write over the first.
constexpr std::size_t kSecondCopy = 32 * 1024;

[[noreturn]] void fail(int fd, const char* what) {
  const int error = errno;
  throw Error(ErrorCode::kSystemError, text("{}: {}: {}", name_of_descriptor(fd), what, ::strerror(error)));
}

std::size_t size_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    fail(fd, "fstat");
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorCode::kInvalidArgument,
                text("{} is not a regular file; give the simulated platform a file of its own",
                     name_of_descriptor(fd)));
  }
  return static_cast<std::size_t>(status.st_size);
}

void read_at(int fd, MutableBytes out, std::size_t offset) {
  const ssize_t got = pread_all(fd, out, offset);
  if (got < 0) {
    fail(fd, "read");
  }
  if (static_cast<std::size_t>(got) < out.size()) {
    errno = EIO;  // Cut off by somebody else meanwhile
    fail(fd, "read");
  }
}

bool write_at(int fd, ByteView content, std::size_t offset) {
  return pwrite_all(fd, content, offset) == content.size() && ::fsync(fd) == 0;
}

bool cut_off_at(int fd, std::size_t size) {
  return ::ftruncate(fd, static_cast<off_t>(size)) == 0 && ::fsync(fd) == 0;
}

bool replace_content(int fd, ByteView content) {
  return write_at(fd, content, 0) && cut_off_at(fd, content.size());
}

/// The first copy of a file that may hold a second one.
ByteView first_copy(ByteView content) {
  return content.size() <= kSecondCopy ? content
                                       : content.first(std::min(stated_identity_size(content), kSecondCopy));
}

/// The first copy; the second where a save() was cut off while it wrote the first.
Result<PlatformIdentity, IdentityFault> parse_either(ByteView content) {
  auto first = parse_platform_identity(first_copy(content));
  if (first || content.size() <= kSecondCopy) {
    return first;
  }
  auto second = parse_platform_identity(content.subspan(kSecondCopy));
  return second ? std::move(second) : std::move(first);
}

/// Puts `content` behind the first copy, so that a power cut while that is written over loses neither. False,
/// with errno, where that can't be done; the first copy is as it was then.
bool keep_second_copy(int fd, ByteView content) {
  Bytes before = read_whole_file(fd, kMaxIdentity);
  if (before.empty()) {
    return true;  // Nothing to lose
  }
  if (before.size() > kSecondCopy && !parse_platform_identity(first_copy(before))) {
    // A power cut left the second copy alone whole: it has to be the first before it is written over.
    const ByteView second = ByteView(before).subspan(kSecondCopy);
    if (parse_platform_identity(second) && !write_at(fd, second, 0)) {
      return false;
    }
    before.erase(before.begin(), before.begin() + kSecondCopy);
  }
  const std::size_t first_size = first_copy(before).size();
  crypto::wipe(before);
  if (write_at(fd, content, kSecondCopy)) {
    return true;
  }
  const int error = errno;
  cut_off_at(fd, first_size);
  errno = error;
  return false;
}

std::string cure(IdentityFault fault, const std::string& name) {
  switch (fault) {
    case IdentityFault::kForeign:
      return text(
          "{} is not a platform identity of virtsev; move it away, and a new identity is made at the next "
          "start",
          name);
    case IdentityFault::kVersion:
      return text(
          "{} was written by a later version of virtsev; use that version, or move the file away for a new "
          "identity (sessions made for the present one become void)",
          name);
    case IdentityFault::kTorn:
      break;
  }
  return text(
      "{} is damaged: it was cut off or changed; restore it from a backup, or move it away for a new "
      "identity "
      "(sessions made for the present one become void)",
      name);
}

}  // namespace

std::string name_of_descriptor(int fd) {
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(link.c_str(), path, sizeof(path));
  return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : text("the file");
}

Bytes read_whole_file(int fd, std::size_t limit) {
  const std::size_t size = size_of(fd);
  if (size > limit) {
    throw Error(ErrorCode::kInvalidArgument,
                text("{} is longer than such a file can be; it belongs to something else, move it away",
                     name_of_descriptor(fd)));
  }
  Bytes content(size);
  read_at(fd, content, 0);
  return content;
}

void write_whole_file(int fd, ByteView content) {
  const bool was_empty = size_of(fd) == 0;
  if (replace_content(fd, content)) {
    return;
  }
  const int error = errno;
  if (was_empty && ::ftruncate(fd, 0) != 0) {
    // Then the next reader finds a damaged file, and says so.
  }
  errno = error;
  fail(fd, "write");
}

bool IdentityFile::writable(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) == O_RDWR;
}

PlatformIdentity IdentityFile::read_or_make(int fd) {
  const Bytes content = read_whole_file(fd, kMaxIdentity);
  if (content.empty()) {
    if (!writable(fd)) {
      throw Error(
          ErrorCode::kOperationInvalid,
          text("{} is empty: the platform's identity has not been made; start virtsevd once, or open the "
               "file for writing",
               name_of_descriptor(fd)));
    }
    PlatformIdentity made = make_platform_identity();
    save(fd, made);
    return made;
  }
  auto identity = parse_either(content);
  if (!identity) {
    throw Error(ErrorCode::kOperationFailed, cure(identity.error(), name_of_descriptor(fd)));
  }
  return std::move(*identity);
}

void IdentityFile::save(int fd, const PlatformIdentity& identity) {
  Bytes content = serialise(identity);
  const bool kept = keep_second_copy(fd, content);
  const int error = errno;
  if (kept) {
    write_whole_file(fd, content);
  }
  crypto::wipe(content);
  if (!kept) {
    errno = error;
    fail(fd, "write");
  }
}

ByteArray<32> IdentityFile::checksum(int fd) {
  ByteArray<32> out{};
  const std::size_t size = size_of(fd);
  if (size >= out.size()) {
    read_at(fd, out, size - out.size());
  }
  return out;
}

}  // namespace virtsev::sevcore
