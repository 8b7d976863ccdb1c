// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/program/options.hpp"

#include <CLI/CLI.hpp>

#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

std::optional<Options> parse_options(int argc, char** argv, int& status) {
  Options options;
  std::string configuration_file;
  std::string root;
  std::string platform;
  unsigned timeout = 0;
  CLI::App app(text("virtsevd: libvirt's daemon for AMD SEV and SEV-ES guests"), "virtsevd");
  app.set_help_flag("-h,--help", text("Show this help"));
  app.set_version_flag("-V,--version", "virtsevd (virtsev) " VIRTSEV_VERSION, text("Show the version"));
  auto* const file_option =
      app.add_option("-f,--config", configuration_file, text("Configuration file"))->type_name("FILE");
  auto* const root_option =
      app.add_option("--root", root,
                     text("Keep everything under this directory: DIR/etc, DIR/run, DIR/lib, DIR/log"))
          ->type_name("DIR");
  auto* const platform_option = app.add_option("--platform", platform,
                                               text("Where guests get their protection: 'hardware' (the "
                                                    "default), or 'simulated', which protects nothing"))
                                    ->type_name("hardware|simulated")
                                    ->check(CLI::IsMember({"hardware", "simulated"}));
  auto* const timeout_option =
      app.add_option("-t,--timeout", timeout,
                     text("Exit after so many seconds without a client and a running guest"))
          ->type_name("SECONDS")
          ->check(CLI::Range(1U, 1000000000U));
  app.add_flag("-v,--verbose", options.verbose, text("Log what is done, too"));
  app.add_flag("-d,--daemon", options.background, text("Go to the background when ready"));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    status = app.exit(error) == 0 ? 0 : 1;
    return std::nullopt;
  }
  if (file_option->count() > 0) {
    options.configuration_file = configuration_file;
  }
  if (root_option->count() > 0) {
    options.root = root;
  }
  if (platform_option->count() > 0) {
    options.platform = platform == "simulated" ? control::Platform::kSimulated : control::Platform::kHardware;
  }
  if (timeout_option->count() > 0) {
    options.timeout_seconds = timeout;
  }
  return options;
}

}  // namespace virtsev::daemon
