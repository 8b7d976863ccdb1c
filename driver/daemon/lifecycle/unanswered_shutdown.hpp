// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest need not listen to its power button: whoever pressed it should hear of that.
#pragma once

#include <cstdint>
#include <optional>

#include "driver/daemon/run/run.hpp"

namespace virtsev::daemon {

/// For how many seconds a guest has not done what it was asked for; nothing: it was not asked to shut down.
std::optional<std::uint64_t> unanswered_shutdown(const Run& run);

}  // namespace virtsev::daemon
