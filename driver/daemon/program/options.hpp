// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsevd's command line.
#pragma once

#include <optional>
#include <string>

#include "driver/control/messages.hpp"

namespace virtsev::daemon {

struct Options {
  std::optional<std::string> configuration_file, root;
  std::optional<control::Platform> platform;
  std::optional<unsigned> timeout_seconds;
  bool verbose = false;
  bool background = false;
};

/// Returns the options, or nothing where the process is to exit with `status` (--help, --version, or a
/// mistake, which is then said on standard error).
std::optional<Options> parse_options(int argc, char** argv, int& status);

}  // namespace virtsev::daemon
