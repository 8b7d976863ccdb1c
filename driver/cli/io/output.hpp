// SPDX-License-Identifier: LGPL-2.1-or-later
// What the user and scripts read: results on standard output, everything else on standard error. Control
// characters in them, line feed and tab aside, come out as "?".
#pragma once

#include <string>

namespace virtsev::cli {

class Json;

/// A result, on a line of its own.
void print(const std::string& line);

/// A result for scripts: indented JSON.
void print(const Json& value);

/// A remark or an error: "virtsev: ...", on standard error.
void note(const std::string& message);

/// Throws Error(kSystemError) where results did not get through, on a full disk for example.
void finish_output();

}  // namespace virtsev::cli
