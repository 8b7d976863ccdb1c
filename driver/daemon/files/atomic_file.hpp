// SPDX-License-Identifier: LGPL-2.1-or-later
// Files that are either the old one or the new one, whatever happens in between. These calls wait for the
// disk: run them on the worker pool.
#pragma once

#include <string>

namespace virtsev::daemon {

/// Whether the content must have reached the disk before the call returns. What lies under /run need not.
enum class Durable { kYes, kNo };

/// Writes `content` with mode 0600 beside `path`, as .NAME.XXXXXX, and renames it over `path`. Throws
/// Error(kSystemError) naming the file; the old file is then untouched, and nothing is left beside it.
void write_atomically(const std::string& path, const std::string& content, Durable durable);

/// Removes what write_atomically() of files named *`suffix` left in `directory` where its process was killed.
/// Domains' names don't begin with a dot, so no file that is named for one is ever taken for a left-over.
void remove_left_overs(const std::string& directory, const std::string& suffix);

/// Removes a file; a missing one is fine. Throws Error(kSystemError).
void remove_file(const std::string& path, Durable durable);

/// Makes a rename or removal in `directory` durable.
void sync_directory(const std::string& directory);

}  // namespace virtsev::daemon
