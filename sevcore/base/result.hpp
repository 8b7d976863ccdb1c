// SPDX-License-Identifier: LGPL-2.1-or-later
// What a guest, a peer on a socket or a file may contain: a value that the caller has to look at.
#pragma once

#include <tl/expected.hpp>

namespace virtsev {

/// Either a T, or the reason why there is none. Never thrown.
template <typename T, typename E>
using Result = tl::expected<T, E>;

using tl::unexpected;

}  // namespace virtsev
