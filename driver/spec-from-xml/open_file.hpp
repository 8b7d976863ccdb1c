// SPDX-License-Identifier: LGPL-2.1-or-later
// Opens a file that a user names, without trusting what it is.
#pragma once

#include <string>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::spec {

/// Close-on-exec; never waits, whatever the path names. `element` is what names the file, for messages.
/// `flags`: how it is used, O_RDONLY or O_RDWR, and O_DIRECT. Throws Error(kSystemError) where it can't be
/// opened so, Error(kConfigUnsupported) where it is not a regular file or block device, or is empty.
UniqueFd open_file(const std::string& element, const std::string& path, int flags = 0);

}  // namespace virtsev::spec
