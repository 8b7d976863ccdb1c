// SPDX-License-Identifier: LGPL-2.1-or-later
// The small files that the kernel answers with.
#pragma once

#include <optional>
#include <string>

namespace virtsev::sevcore {

/// The first bytes, up to 4,096, of a file of sysfs; nothing where it can't be read.
std::optional<std::string> read_small_file(const std::string& path);

}  // namespace virtsev::sevcore
