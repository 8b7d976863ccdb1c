// SPDX-License-Identifier: LGPL-2.1-or-later
// An explanation as JSON: what `explain --json` prints, and `explain --against` reads again.
#pragma once

#include <string>

#include "driver/cli/explain/explanation.hpp"

namespace virtsev::cli {

class Json;

Json to_json(const PlanExplanation& explanation);

/// Whether a file's content is meant as JSON, not as XML.
bool looks_saved(const std::string& content);

/// Throws Error naming `path` where the content is not what to_json() makes.
PlanExplanation read_saved(const std::string& content, const std::string& path);

}  // namespace virtsev::cli
