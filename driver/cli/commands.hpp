// SPDX-License-Identifier: LGPL-2.1-or-later
// The subcommands of virtsev: one file each, and this list of them.
#pragma once

#include <cstdint>

namespace virtsev::cli {

class Command;

/// What a script reads. An Error, too, ends with kFailed: whatever else a command answers, it has looked
/// first.
enum class ExitStatus : std::uint8_t {
  kDone = 0,       ///< It is done; the answer is yes
  kNo = 1,         ///< It was looked at, and does not hold, fit, or work
  kFailed = 2,     ///< It was asked wrongly, or a file or a host can't be read, or refuses
  kSimulated = 3,  ///< It holds, but up to a simulated platform's root only
};

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
