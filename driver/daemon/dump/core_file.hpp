// SPDX-License-Identifier: LGPL-2.1-or-later
// A core file on the host's disk. This waits for the disk, or for ever where that is on a file server that is
// gone: on a thread of its own (PatientCalls), and in touch with the event loop by a socket alone.
#pragma once

#include <cstdint>
#include <string>

#include "driver/daemon/files/unfinished_files.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

/// Makes a file for `path`, says so with one byte to `peer`, then writes the `size` bytes that come from
/// there, and returns when they are on the disk under that name. Until then what has the name stays as it is;
/// then it is replaced, by a file of mode 0600. Throws Error: kInvalidArgument where something else than a
/// regular file has the name, kOperationAborted where fewer bytes came, kSystemError; nothing is left of the
/// file then.
void write_core_file(const std::string& path, std::uint64_t size, UniqueFd peer,
                     const UnfinishedFiles& unfinished);

}  // namespace virtsev::daemon
