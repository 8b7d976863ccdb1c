// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsevd: libvirt's modular daemon for SEV guests.
#include <cstdlib>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/program/daemon.hpp"
#include "sevcore/base/text.hpp"

int main(int argc, char** argv) {
  virtsev::set_up_text();
  int status = EXIT_SUCCESS;
  const auto options = virtsev::daemon::parse_options(argc, argv, status);
  if (!options) {
    return status;
  }
  try {
    virtsev::daemon::run_daemon(*options);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    virtsev::daemon::log_error(error.what());
    return EXIT_FAILURE;
  }
}
