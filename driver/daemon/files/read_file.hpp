// SPDX-License-Identifier: LGPL-2.1-or-later
// Small files read whole, within a bound; a system error as text.
#pragma once

#include <cerrno>
#include <string>

#include "sevcore/base/result.hpp"

namespace virtsev::daemon {

/// The content of a regular file of at most `max_bytes`; else errno (EFBIG, EINVAL: no regular file). Never
/// blocks on a FIFO.
Result<std::string, int> read_file(const std::string& path, std::size_t max_bytes);
/// The same for a file of /proc or /sys, whose size is not known beforehand; "" where it can't be read.
std::string read_small(const std::string& path);

/// What an errno means, in the user's language.
std::string error_text(int error_number);

}  // namespace virtsev::daemon
