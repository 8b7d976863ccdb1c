// SPDX-License-Identifier: LGPL-2.1-or-later
// A secret on the command line: GUID=FILE, or luks-key=FILE.
#pragma once

#include <string>

#include "sevcore/owner/secret_table.hpp"

namespace virtsev::cli {

/// Reads the file. `option` is what messages name. Throws Error.
sevcore::SecretEntry read_secret_entry(const std::string& option, const std::string& argument);

}  // namespace virtsev::cli
