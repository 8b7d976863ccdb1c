// SPDX-License-Identifier: LGPL-2.1-or-later
// How a command ends.
#pragma once

#include <cstdint>

namespace virtsev::cli {

/// What a script reads. An Error, too, ends with kFailed: whatever else a command answers, it has looked
/// first.
enum class ExitStatus : std::uint8_t {
  kDone = 0,       ///< It is done; the answer is yes
  kNo = 1,         ///< It was looked at, and does not hold, fit, or work
  kFailed = 2,     ///< It was asked wrongly, or a file or a host can't be read, or refuses
  kSimulated = 3,  ///< It holds, but up to a simulated platform's root only
};

}  // namespace virtsev::cli
