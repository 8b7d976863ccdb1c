// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/spec-from-xml/virtsev/image_lock.hpp"

#include <cerrno>
#include <vector>

#include <fcntl.h>

namespace virtsev::spec {
namespace {

constexpr off_t kDoes = 100;
constexpr off_t kAllowsNobody = 200;
enum Use : off_t { kReads = 0, kWrites = 1 };

struct flock byte_lock(short type, off_t byte) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return lock;
}

bool set(int image, short type, off_t byte) {
  struct flock lock = byte_lock(type, byte);
  return ::fcntl(image, F_OFD_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES);
}

/// Whether somebody else has a lock there.
bool is_held(int image, off_t byte) {
  struct flock lock = byte_lock(F_WRLCK, byte);
  return ::fcntl(image, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace

bool lock_image(int image, const ImageUse& use) {
  std::vector<off_t> own = {kDoes + kReads};
  std::vector<off_t> against = {kAllowsNobody + kReads};
  if (use.writes) {
    own.push_back(kDoes + kWrites);
    against.push_back(kAllowsNobody + kWrites);
  }
  if (!use.shares) {
    own.push_back(kAllowsNobody + kWrites);
    against.push_back(kDoes + kWrites);
  }
  // Locked before it is looked who else is there: of two who come at once, one at least sees the other.
  bool free = true;
  for (const off_t byte : own) {
    free = set(image, F_RDLCK, byte) && free;
  }
  for (const off_t byte : against) {
    free = free && !is_held(image, byte);
  }
  if (!free) {
    for (const off_t byte : own) {
      set(image, F_UNLCK, byte);
    }
  }
  return free;
}

}  // namespace virtsev::spec
