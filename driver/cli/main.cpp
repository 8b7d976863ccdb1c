// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev, the guest owner's command.
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "driver/cli/commands.hpp"
#include "driver/cli/output.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

/// --cmdline takes what follows it, whatever that begins with: kernel command lines begin with "-", too.
std::vector<std::string> join_command_lines(int count, const char* const* arguments) {
  std::vector<std::string> joined;
  for (int i = 0; i < count; ++i) {
    joined.emplace_back(arguments[i]);
    if (joined.back() == "--cmdline" && i + 1 < count && arguments[i + 1][0] == '-') {
      joined.back() += "=" + std::string(arguments[++i]);
    }
  }
  return joined;
}

void parse(CLI::App& program, int count, const char* const* arguments) {
  const std::vector<std::string> joined = join_command_lines(count, arguments);
  std::vector<const char*> pointers;
  for (const std::string& argument : joined) {
    pointers.push_back(argument.c_str());
  }
  program.parse(static_cast<int>(pointers.size()), pointers.data());
}

/// CLI11 says what is wrong, but lists what it did not expect backwards.
void note_wrong_use(const CLI::App& program, const CLI::ParseError& error) {
  std::string reason = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    std::string unexpected;
    for (const std::string& argument : program.remaining(true)) {
      unexpected += " " + argument;
    }
    reason = text("not expected here:{}", unexpected);
  }
  std::string command = "virtsev";
  for (const CLI::App* app = &program; !app->get_subcommands().empty();) {
    app = app->get_subcommands().front();
    command += " " + app->get_name();
  }
  note(text("{}; `{} --help` lists what there is", reason, command));
}

int run(int argument_count, const char* const* arguments) {
  CLI::App program(
      text("The command of a guest's owner: makes sessions, predicts and verifies launch measurements, packs "
           "secrets. It needs no daemon, and no machine with SEV."),
      "virtsev");
  program.set_version_flag("--version", "virtsev " VIRTSEV_VERSION);
  // Not require_subcommand(1): that would say "a subcommand is required" of one that is misspelt.
  program.require_subcommand(0, 1);
  program.get_formatter()->column_width(34);
  program.footer(text(
      "Exit status: 0 done, or yes; 1 no; 2 asked wrongly, or a file or a host can't be read, or refuses; "
      "3 it holds, but for a simulated platform.\nEach command has a --help of its own."));
  ExitStatus status = ExitStatus::kDone;
  for (const AddCommand add : kCommands) {
    add(program, status);
  }
  try {
    parse(program, argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // Help and version
      return program.exit(error, std::cout, std::cerr);
    }
    note_wrong_use(program, error);
    return static_cast<int>(ExitStatus::kFailed);
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
