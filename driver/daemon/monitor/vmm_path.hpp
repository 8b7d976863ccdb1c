// SPDX-License-Identifier: LGPL-2.1-or-later
// Where virtsev-vmm is.
#pragma once

#include <string>

namespace virtsev::daemon {

/// The first of: `configured`, $VIRTSEV_VMM, ../vmm/virtsev-vmm beside this program (a build tree), the
/// directory of installed helpers, PATH. Throws Error(kOperationFailed) naming the places where it is not.
std::string find_vmm(const std::string& configured);

}  // namespace virtsev::daemon
