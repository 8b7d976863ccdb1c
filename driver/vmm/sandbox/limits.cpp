// SPDX-License-Identifier: LGPL-2.1-or-later
// What the monitor may use of the host once its guest is made.
#include "driver/vmm/sandbox/limits.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <sys/resource.h>

namespace virtsev::vmm {
namespace {

void lower(__rlimit_resource resource, rlim_t value, const char* name) {
  rlimit now{};
  if (::getrlimit(resource, &now) == 0) {
    const rlim_t lowered = std::min(now.rlim_max, value);
    const rlimit both{lowered, lowered};
    if (::setrlimit(resource, &both) == 0) {
      return;
    }
  }
  throw std::system_error(errno, std::generic_category(), name);
}

}  // namespace

void forbid_core_dumps() { lower(RLIMIT_CORE, 0, "RLIMIT_CORE"); }

void limit_growth(const Growth& growth) {
  if (growth.slots == 0) {
    lower(RLIMIT_FSIZE, std::max(kMostInAFile, growth.largest_disk), "RLIMIT_FSIZE");
  }
  // A slot's root port has an interrupt, and its ring two descriptors.
  const std::size_t devices = growth.devices + 2 * growth.slots;
  lower(RLIMIT_NOFILE, kOtherDescriptors + growth.vcpus + kDescriptorsOfADevice * devices, "RLIMIT_NOFILE");
}

}  // namespace virtsev::vmm
