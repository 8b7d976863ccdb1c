// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/program/background.hpp"

#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace virtsev::daemon {

UniqueFd go_to_background() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return {};
  }
  UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) {
    return {};
  }
  if (child > 0) {
    writer.reset();
    char ready = 0;
    const bool good = ::read(reader.get(), &ready, 1) == 1;
    std::_Exit(good ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  ::setsid();
  return writer;
}

void report_ready(UniqueFd report) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) {
    ::dup2(null.get(), fd);
  }
  if (::isatty(STDERR_FILENO) != 0) {  // A log that was redirected to a file stays
    ::dup2(null.get(), STDERR_FILENO);
  }
  [[maybe_unused]] const bool told = ::write(report.get(), "1", 1) == 1;
}

}  // namespace virtsev::daemon
