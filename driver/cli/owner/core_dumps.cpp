// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/owner/core_dumps.hpp"

#include <cerrno>
#include <cstring>

#include <sys/prctl.h>
#include <sys/resource.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {

void forbid_core_dumps() {
  // The limit alone does not do: it does not hold for dumps that go to a program (core(5)).
  const rlimit none = {0, 0};
  bool done = ::setrlimit(RLIMIT_CORE, &none) == 0;
#ifndef VIRTSEV_SANITIZED  // Its search for leaks traces the process
  done = done && ::prctl(PR_SET_DUMPABLE, 0UL, 0UL, 0UL, 0UL) == 0;
#endif
  if (!done) {
    throw Error(ErrorCode::kSystemError, text("core dumps can't be forbidden: {}", std::strerror(errno)));
  }
}

}  // namespace virtsev::cli
