// SPDX-License-Identifier: LGPL-2.1-or-later
// A list of system calls as a program for the kernel (seccomp(2)).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <linux/filter.h>

namespace virtsev::vmm {

/// What one argument of a call must be: (argument & mask) == value.
struct Condition {
  unsigned argument = 0;
  std::uint64_t mask = ~std::uint64_t{0};
  std::uint64_t value = 0;
};

/// A call that is let through where all of its conditions hold. One that has several forms stands several
/// times.
struct AllowedCall {
  int number;
  const char* reason;
  std::optional<Condition> condition = std::nullopt;
  std::optional<Condition> and_condition = std::nullopt;
};

/// A call that fails with this errno, for libraries that try it and do without.
struct FailingCall {
  int number;
  int error;
};

class Filter {
 public:
  /// Calls that are in neither list raise SIGSYS (refused_calls.hpp). Throws std::system_error.
  Filter(std::span<const AllowedCall> allowed, std::span<const FailingCall> failing);

  /// Holds the calling thread to it, and the threads that it makes from then on, beside the filters that they
  /// have already. The process must have no_new_privs. Throws std::system_error.
  void load() const;

 private:
  std::vector<sock_filter> program_;
};

}  // namespace virtsev::vmm
