// SPDX-License-Identifier: LGPL-2.1-or-later
// Which boot of the host this is.
#pragma once

#include <string>

namespace virtsev::daemon {

/// The kernel's random id of this boot (/proc/sys/kernel/random/boot_id).
const std::string& boot_id();

}  // namespace virtsev::daemon
