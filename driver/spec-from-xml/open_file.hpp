// SPDX-License-Identifier: LGPL-2.1-or-later
// Opens a file that a user names, without trusting what it is.
#pragma once

#include <string>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::spec {

/// Read-only, close-on-exec; never waits, whatever the path names. `element` is what names the file, for
/// messages. Throws Error(kSystemError) where it can't be opened, Error(kConfigUnsupported) where it is no
/// regular file and no block device, or is empty.
UniqueFd open_file(const std::string& element, const std::string& path);

}  // namespace virtsev::spec
