// SPDX-License-Identifier: LGPL-2.1-or-later
// What the monitor gives up before it reads a byte from anyone.
#pragma once

namespace virtsev::vmm {

/// No new privileges, no capabilities, not to be traced or read by other processes of its uid. Throws
/// std::system_error.
void give_up_privileges();

}  // namespace virtsev::vmm
