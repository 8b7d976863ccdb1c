// SPDX-License-Identifier: LGPL-2.1-or-later
// An ioctl that goes on after a signal, and the error where KVM refuses one.
#pragma once

#include <cerrno>
#include <cstring>

#include <sys/ioctl.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::vmm {

template <typename Argument>
int retried_ioctl(int fd, unsigned long request, Argument argument) {
  return uninterrupted([&] { return ::ioctl(fd, request, argument); });
}

/// `what`: the ioctl's name.
[[noreturn]] inline void throw_kvm_error(const char* what, int error_number) {
  throw Error(ErrorCode::kInternal, text("KVM refused {}: {}", what, std::strerror(error_number)));
}

/// Throws Error naming the ioctl where the kernel refuses it.
template <typename Argument>
int checked_ioctl(int fd, unsigned long request, Argument argument, const char* what) {
  const int result = retried_ioctl(fd, request, argument);
  if (result < 0) {
    throw_kvm_error(what, errno);
  }
  return result;
}

}  // namespace virtsev::vmm
