// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev, the guest owner's command.
#include <exception>
#include <string>
#include <vector>

#include "driver/cli/commands/commands.hpp"
#include "driver/cli/io/command_line.hpp"
#include "driver/cli/io/output.hpp"
#include "driver/cli/owner/core_dumps.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

/// The arguments, less the program's name. --cmdline takes what follows it, whatever that begins with: kernel
/// command lines begin with "-", too.
std::vector<std::string> join_command_lines(int count, const char* const* arguments) {
  std::vector<std::string> joined;
  for (int i = 1; i < count; ++i) {
    joined.emplace_back(arguments[i]);
    if (joined.back() == "--cmdline" && i + 1 < count && arguments[i + 1][0] == '-') {
      joined.back() += "=" + std::string(arguments[++i]);
    }
  }
  return joined;
}

int run(int argument_count, const char* const* arguments) {
  Program program(
      "virtsev", "virtsev " VIRTSEV_VERSION,
      {text(
           "The command of a guest's owner: makes sessions, predicts and verifies launch measurements, packs "
           "secrets. It needs no daemon, and no machine with SEV."),
       {"virtsev host", "virtsev measure guest.xml", "virtsev verify --help"},
       text("Exit status: 0 done, or yes; 1 no; 2 asked wrongly, or a file or a host can't be read, or "
            "refuses; 3 it holds, but for a simulated platform.\nEach command has a --help of its own.")});
  ExitStatus status = ExitStatus::kDone;
  for (const AddCommand add : kCommands) {
    add(program.command(), status);
  }
  switch (program.run(join_command_lines(argument_count, arguments))) {
    case Program::Asked::kCommand:
      finish_output();
      break;
    case Program::Asked::kHelp:
      break;
    case Program::Asked::kNothing:
      note(text("say what to do: `virtsev --help` lists the commands"));
      return static_cast<int>(ExitStatus::kFailed);
  }
  return static_cast<int>(status);
}

}  // namespace
}  // namespace virtsev::cli

int main(int argument_count, char** arguments) {
  virtsev::set_up_text();
  try {
    virtsev::cli::forbid_core_dumps();
    return virtsev::cli::run(argument_count, arguments);
  } catch (const std::exception& error) {
    virtsev::cli::note(error.what());
    return static_cast<int>(virtsev::cli::ExitStatus::kFailed);
  }
}
