// SPDX-License-Identifier: LGPL-2.1-or-later
// A flag that is not known is refused, never ignored: its caller would take for done what is not.
#pragma once

#include <cstdint>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

/// Throws Error(kInvalidArgument) in libvirt's words where `flags` has a bit that is not in `known`.
/// `function`: the public function's name.
inline void check_flags(std::uint32_t flags, std::uint32_t known, const char* function) {
  if ((flags & ~known) != 0) {
    throw Error(ErrorCode::kInvalidArgument,
                text("unsupported flags (0x{:x}) in function {}", flags & ~known, function));
  }
}

}  // namespace virtsev::daemon
