// SPDX-License-Identifier: LGPL-2.1-or-later
// A directory of a user's choice (--root) in which virtsevd keeps everything: it believes what it finds
// there.
#pragma once

#include <string>

#include "driver/daemon/files/layout.hpp"

namespace virtsev::daemon {

/// Throws Error(kOperationDenied) with the reason and what to do where another user than root and the one
/// that this runs as owns, or can write to: a directory of `layout`, which lies under `root`, or a file in
/// one; or could put something else in the place of `root`. What is not there yet is nobody's.
void require_own_tree(const std::string& root, const Layout& layout);

}  // namespace virtsev::daemon
