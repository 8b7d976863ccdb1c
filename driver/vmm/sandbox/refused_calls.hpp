// SPDX-License-Identifier: LGPL-2.1-or-later
// What a system call that a filter refuses leads to: it is named, and the process ends.
#pragma once

namespace virtsev::vmm {

/// From now on. To be called before the first filter is loaded: no filter lets anybody change the handler of
/// SIGSYS, and one that blocks or ignores the signal is killed by the kernel.
///
/// The handler runs in a process that may be somebody else's, so it decides nothing and trusts nothing: it
/// writes one line of fixed form to standard error and to the end file, which that process may write to
/// anyway, and exits. The call itself has not been made.
void name_refused_calls();

/// The end file (control::Start::end_file), borrowed; -1: none.
void tell_refused_calls_to(int end_file);

}  // namespace virtsev::vmm
