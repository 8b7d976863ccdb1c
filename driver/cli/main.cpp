// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev, the guest owner's command.
#include <exception>
#include <iostream>

#include <CLI/CLI.hpp>

#include "driver/cli/commands.hpp"
#include "driver/cli/output.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

int run(int argument_count, const char* const* arguments) {
  CLI::App program(
      text("The command of a guest's owner: makes sessions, predicts and verifies launch measurements, packs "
           "secrets. It needs no daemon, and no machine with SEV."),
      "virtsev");
  program.set_version_flag("--version", "virtsev " VIRTSEV_VERSION);
  // Not require_subcommand(1): that would say "a subcommand is required" of one that is misspelt.
  program.require_subcommand(0, 1);
  program.get_formatter()->column_width(34);
  program.footer(
      text("Exit status: 0 done, or yes; 1 no; 2 asked wrongly, or something can't be read; 3 it "
           "holds, but for a simulated platform.\nEach command has a --help of its own."));
  ExitStatus status = ExitStatus::kDone;
  for (const AddCommand add : kCommands) {
    add(program, status);
  }
  try {
    program.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    // CLI11 has numbers of its own; help and version are no errors.
    return program.exit(error, std::cout, std::cerr) == 0 ? 0 : static_cast<int>(ExitStatus::kFailed);
  }
  if (program.get_subcommands().empty()) {
    note(text("say what to do: `virtsev --help` lists the commands"));
    return static_cast<int>(ExitStatus::kFailed);
  }
  finish_output();
  return static_cast<int>(status);
}

}  // namespace
}  // namespace virtsev::cli

int main(int argument_count, char** arguments) {
  virtsev::set_up_text();
  try {
    return virtsev::cli::run(argument_count, arguments);
  } catch (const std::exception& error) {
    virtsev::cli::note(error.what());
    return static_cast<int>(virtsev::cli::ExitStatus::kFailed);
  }
}
