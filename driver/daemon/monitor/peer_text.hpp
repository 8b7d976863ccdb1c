// SPDX-License-Identifier: LGPL-2.1-or-later
// What a monitor says, made fit for a person's terminal and for a client's error number.
#pragma once

#include <string>

#include "sevcore/base/error.hpp"

namespace virtsev::daemon {

/// At most 2,000 bytes of it, as sevcore/base/printable.hpp makes it fit; line ends stay.
std::string printable(const std::string& text);

/// The same, on one line: for logs, in which a line break would let a monitor write lines of its own.
std::string printable_line(const std::string& text);

/// The same number where it is one of ours, else kInternal.
ErrorCode known_code(ErrorCode code);

}  // namespace virtsev::daemon
