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

void limit_growth(std::size_t vcpus, std::size_t devices, std::uint64_t largest_disk) {
  lower(RLIMIT_FSIZE, std::max(kMostInAFile, largest_disk), "RLIMIT_FSIZE");
  lower(RLIMIT_NOFILE, kOtherDescriptors + vcpus + kDescriptorsOfADevice * devices, "RLIMIT_NOFILE");
}

}  // namespace virtsev::vmm
