// SPDX-License-Identifier: LGPL-2.1-or-later
// Which requests (ioctl(2)) are left to the monitor's threads once its guest is made.
#pragma once

#include <vector>

#include "driver/vmm/sandbox/filter.hpp"

namespace virtsev::vmm {

/// Of the thread that serves the control socket.
std::vector<AllowedCall> service_requests(bool simulated);
/// Of a vCPU's thread.
std::vector<AllowedCall> vcpu_requests(bool simulated);
/// Of the thread that makes the guest: all of KVM, and /dev/sev's one.
std::vector<AllowedCall> launch_requests();

}  // namespace virtsev::vmm
