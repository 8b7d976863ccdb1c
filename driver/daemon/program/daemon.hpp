// SPDX-License-Identifier: LGPL-2.1-or-later
// The running program: sockets, signals, settings, and when it ends.
#pragma once

#include "driver/daemon/program/options.hpp"

namespace virtsev::daemon {

/// Runs until it is told to stop. Throws Error where it can't start.
void run_daemon(const Options& options);

}  // namespace virtsev::daemon
