// SPDX-License-Identifier: LGPL-2.1-or-later
// SIGTERM and SIGINT as a descriptor.
#include "driver/vmm/control/termination_signal.hpp"

#include <cerrno>
#include <csignal>
#include <system_error>

#include <pthread.h>
#include <sys/signalfd.h>

namespace virtsev::vmm {

TerminationSignal::TerminationSignal() {
  sigset_t signals{};
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal_.reset(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signal_) {
    throw std::system_error(errno, std::generic_category(), "signalfd");
  }
}

}  // namespace virtsev::vmm
