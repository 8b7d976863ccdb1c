// SPDX-License-Identifier: LGPL-2.1-or-later
// The two halves of the table of elements, each in the order in which it is searched.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "domain-xml/elements/elements.hpp"

namespace virtsev::domain_xml {

inline constexpr std::string_view kAllWithin = "/*";

constexpr std::string_view path_of(const Row& row) {
  return row.path.ends_with(kAllWithin) ? row.path.substr(0, row.path.size() - kAllWithin.size()) : row.path;
}

constexpr bool is_in_order(std::span<const Row> rows) {
  return std::is_sorted(rows.begin(), rows.end(),
                        [](const Row& a, const Row& b) { return path_of(a) < path_of(b); });
}

/// What stands within <devices>.
std::span<const Row> device_rows();

}  // namespace virtsev::domain_xml
