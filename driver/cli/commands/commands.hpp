// SPDX-License-Identifier: LGPL-2.1-or-later
// The subcommands of virtsev: one file each, and this list of them.
#pragma once

#include "driver/cli/io/exit_status.hpp"

namespace virtsev::cli {

class Command;

/// Adds a subcommand to the program; when it is the one that was asked for, it sets the status.
using AddCommand = void (*)(Command& program, ExitStatus& status);

void add_platform(Command& program, ExitStatus& status);
void add_session(Command& program, ExitStatus& status);
void add_measure(Command& program, ExitStatus& status);
void add_verify(Command& program, ExitStatus& status);
void add_secret(Command& program, ExitStatus& status);
void add_explain(Command& program, ExitStatus& status);
void add_attest(Command& program, ExitStatus& status);
void add_debug(Command& program, ExitStatus& status);
void add_host(Command& program, ExitStatus& status);

/// In the order of --help, which is the order of their use.
inline constexpr AddCommand kCommands[] = {add_host,   add_platform, add_session, add_measure, add_explain,
                                           add_verify, add_secret,   add_attest,  add_debug};

}  // namespace virtsev::cli
