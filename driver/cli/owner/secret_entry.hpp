// SPDX-License-Identifier: LGPL-2.1-or-later
// Secrets on the command line: GUID=FILE, or luks-key=FILE, each.
#pragma once

#include <string>
#include <vector>

#include "sevcore/owner/secret_table.hpp"

namespace virtsev::cli {

/// Reads the files. `option` is what messages name. Throws Error, also where no such secret can be meant: an
/// empty file, or one of zeros alone; a GUID of zeros, or one that stands there twice.
std::vector<sevcore::SecretEntry> read_secret_entries(const std::string& option,
                                                      const std::vector<std::string>& arguments);

/// Throws Error where a secret is one of the session's own keys, which its owner keeps.
void check_not_a_key(const std::vector<sevcore::SecretEntry>& entries, const ByteArray<16>& tik,
                     const ByteArray<16>& tek);

void wipe(std::vector<sevcore::SecretEntry>& entries);

}  // namespace virtsev::cli
