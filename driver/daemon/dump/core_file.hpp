// SPDX-License-Identifier: LGPL-2.1-or-later
// A core file on the host's disk. This waits for the disk, or for ever where that is on a file server that is
// gone: on a thread of its own (PatientCalls), and in touch with the event loop by a socket alone.
#pragma once

#include <cstdint>
#include <string>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

/// Opens `path`, says so with one byte to `peer`, then writes the `size` bytes that come from there, and
/// returns when they are on the disk. A new file has mode 0600; an existing one must be a regular file, its
/// content is replaced, its mode stays. Throws Error: kInvalidArgument where it is something else than a
/// regular file, kOperationAborted where fewer bytes came, kSystemError; a new file is then removed, and one
/// that existed is empty.
void write_core_file(const std::string& path, std::uint64_t size, UniqueFd peer);

}  // namespace virtsev::daemon
