// SPDX-License-Identifier: LGPL-2.1-or-later
// An owner's keys and secrets are in this program's memory; a core dump would write them to a disk, or hand
// them to whoever collects dumps.
#pragma once

namespace virtsev::cli {

/// No core is dumped of this process from here on, and no process of the same user may look into it. Throws
/// Error where the kernel refuses.
void forbid_core_dumps();

}  // namespace virtsev::cli
