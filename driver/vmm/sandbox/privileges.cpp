// SPDX-License-Identifier: LGPL-2.1-or-later
// What the monitor gives up before it reads a byte from anyone.
#include "driver/vmm/sandbox/privileges.hpp"

#include <cerrno>
#include <system_error>

#include <cap-ng.h>
#include <sys/prctl.h>

namespace virtsev::vmm {
namespace {

void set(int option, unsigned long value, const char* what) {
  if (::prctl(option, value, 0UL, 0UL, 0UL) != 0) {
    throw std::system_error(errno, std::generic_category(), what);
  }
}

}  // namespace

void give_up_privileges() {
  set(PR_SET_NO_NEW_PRIVS, 1, "PR_SET_NO_NEW_PRIVS");
  set(PR_SET_DUMPABLE, 0, "PR_SET_DUMPABLE");
  // The bounding set needs a capability itself; without it there is nothing that it could bound.
  ::capng_get_caps_process();
  const bool may_bound = ::capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
  ::capng_clear(CAPNG_SELECT_ALL);
  if (::capng_apply(may_bound ? CAPNG_SELECT_ALL : CAPNG_SELECT_CAPS) != 0) {
    throw std::system_error(EPERM, std::generic_category(), "capng_apply");
  }
}

}  // namespace virtsev::vmm
