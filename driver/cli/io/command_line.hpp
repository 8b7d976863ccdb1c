// SPDX-License-Identifier: LGPL-2.1-or-later
// What virtsev's commands say of their options. CLI11 stands behind it, in one source alone: each that
// includes CLI11 takes 12 s to compile.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace virtsev::cli {

/// An option, or an argument by its place: a handle, good as long as the Program. Its members give the same
/// option again.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}

  /// What --help calls its value.
  Option type_name(const std::string& name);
  Option required();
  /// How many words it takes at once.
  Option expected(int count);
  Option expected(int least, int most);
  /// Given again, it adds to what it was given before.
  Option take_all();
  Option excludes(const Option& other);
  /// Other values than these are refused.
  Option one_of(const std::vector<std::string>& values);
  Option in_range(std::uint64_t least, std::uint64_t most);

 private:
  CLI::Option* option_;
};

/// What --help says of a command around its options.
struct Help {
  std::string description;
  std::vector<std::string> examples;  ///< Whole commands; each command has one at least
  std::string remarks = {};           ///< Before the examples
};

/// The program, or a subcommand at any depth: a handle, good as long as the Program. Variables that options
/// are bound to must be there when the arguments are taken.
class Command {
 public:
  explicit Command(CLI::App& app) : app_(&app) {}

  Command add_subcommand(const std::string& name, const Help& help);
  /// One of the subcommands must be named.
  void require_subcommand();

  /// `name` is "--option", or "PLACE" for an argument by its place.
  Option add_option(const std::string& name, std::string& value, const std::string& description);
  Option add_option(const std::string& name, std::vector<std::string>& values,
                    const std::string& description);
  Option add_option(const std::string& name, std::uint32_t& value, const std::string& description);
  Option add_option(const std::string& name, std::uint64_t& value, const std::string& description);
  Option add_option_function(const std::string& name, const std::function<void(const std::string&)>& take,
                             const std::string& description);
  void add_flag(const std::string& name, bool& given, const std::string& description);

  /// Options and arguments that were not added are no errors.
  void take_anything();
  /// What it does, after all its options have been taken.
  void callback(std::function<void()> run);

 private:
  CLI::App* app_;
};

/// The program itself.
class Program {
 public:
  /// `version` is what --version prints.
  Program(const std::string& name, const std::string& version, const Help& help);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  /// What commands are added to.
  Command& command() { return command_; }

  /// What the arguments asked for.
  enum class Asked : std::uint8_t {
    kCommand,  ///< A command, which has run
    kHelp,     ///< Help or the version, which is printed
    kNothing,  ///< No command was named
  };

  /// Takes the arguments, less the program's own name, and runs the command that they name. Throws Error
  /// where they fit nothing, and whatever the command throws.
  Asked run(const std::vector<std::string>& arguments);

 private:
  std::unique_ptr<CLI::App> app_;
  Command command_;
};

}  // namespace virtsev::cli
