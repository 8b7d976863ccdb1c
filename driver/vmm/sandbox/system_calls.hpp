// SPDX-License-Identifier: LGPL-2.1-or-later
// Which system calls are left to the monitor once its guest is set up.
#pragma once

namespace virtsev::vmm {

/// Holds all threads of the process to the list (seccomp(2)); anything else kills the process, but opening
/// files, which fails. Throws std::system_error.
void restrict_system_calls();

}  // namespace virtsev::vmm
