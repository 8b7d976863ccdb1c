// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/io/command_line.hpp"

#include <iostream>
#include <utility>

#include <CLI/CLI.hpp>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

/// CLI11 says what is wrong, but lists what it did not expect backwards.
std::string reason(const CLI::App& program, const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) {
    return error.what();
  }
  std::string unexpected;
  for (const std::string& argument : program.remaining(true)) {
    unexpected += " " + argument;
  }
  return text("not expected here:{}", unexpected);
}

/// The command that was named, with those above it.
std::string full_name(const CLI::App& program) {
  std::string name = program.get_name();
  for (const CLI::App* app = &program; !app->get_subcommands().empty();) {
    app = app->get_subcommands().front();
    name += " " + app->get_name();
  }
  return name;
}

/// What --help ends with.
std::string footer(const Help& help) {
  std::string out = help.remarks.empty() ? "" : help.remarks + "\n\n";
  out += help.examples.size() == 1 ? text("Example:") : text("Examples:");
  for (const std::string& example : help.examples) {
    out += "\n    " + example;  // Two blanks are for what scripts complete
  }
  return out;
}

}  // namespace

Option Option::type_name(const std::string& name) {
  option_->type_name(name);
  return *this;
}

Option Option::required() {
  option_->required();
  return *this;
}

Option Option::expected(int count) {
  option_->expected(count);
  return *this;
}

Option Option::expected(int least, int most) {
  option_->expected(least, most);
  return *this;
}

Option Option::take_all() {
  option_->take_all();
  return *this;
}

Option Option::excludes(const Option& other) {
  option_->excludes(other.option_);
  return *this;
}

Option Option::one_of(const std::vector<std::string>& values) {
  option_->check(CLI::IsMember(values));
  return *this;
}

Option Option::in_range(std::uint64_t least, std::uint64_t most) {
  option_->check(CLI::Range(least, most));
  return *this;
}

Command Command::add_subcommand(const std::string& name, const Help& help) {
  CLI::App* added = app_->add_subcommand(name, help.description);
  added->footer(footer(help));
  return Command(*added);
}

void Command::require_subcommand() { app_->require_subcommand(1); }

Option Command::add_option(const std::string& name, std::string& value, const std::string& description) {
  return Option(*app_->add_option(name, value, description));
}

Option Command::add_option(const std::string& name, std::vector<std::string>& values,
                           const std::string& description) {
  return Option(*app_->add_option(name, values, description));
}

Option Command::add_option(const std::string& name, std::uint32_t& value, const std::string& description) {
  return Option(*app_->add_option(name, value, description));
}

Option Command::add_option(const std::string& name, std::uint64_t& value, const std::string& description) {
  return Option(*app_->add_option(name, value, description));
}

Option Command::add_option_function(const std::string& name,
                                    const std::function<void(const std::string&)>& take,
                                    const std::string& description) {
  return Option(*app_->add_option_function<std::string>(name, take, description));
}

void Command::add_flag(const std::string& name, bool& given, const std::string& description) {
  app_->add_flag(name, given, description);
}

void Command::take_anything() { app_->allow_extras(); }

void Command::callback(std::function<void()> run) { app_->callback(std::move(run)); }

Program::Program(const std::string& name, const std::string& version, const Help& help)
    : app_(std::make_unique<CLI::App>(help.description, name)), command_(*app_) {
  app_->set_version_flag("--version", version);
  // Not require_subcommand(1): that would say "a subcommand is required" of one that is misspelt.
  app_->require_subcommand(0, 1);
  app_->get_formatter()->column_width(34);
  app_->footer(footer(help));
}

Program::~Program() = default;

Program::Asked Program::run(const std::vector<std::string>& arguments) {
  try {
    app_->parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // It takes them backwards
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      throw Error(ErrorCode::kInvalidArgument,
                  text("{}; `{} --help` lists what there is", reason(*app_, error), full_name(*app_)));
    }
    app_->exit(error, std::cout, std::cerr);
    return Asked::kHelp;
  }
  return app_->get_subcommands().empty() ? Asked::kNothing : Asked::kCommand;
}

}  // namespace virtsev::cli
