// SPDX-License-Identifier: LGPL-2.1-or-later
// Sets of guest pages, as runs: their size depends on how scattered the pages are, and not on how many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sevcore/base/guest_address.hpp"

namespace virtsev::vmm {

class PageRuns {
 public:
  /// Guest physical addresses, multiples of the page's size; `end` is the first that is not in it.
  struct Run {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    friend bool operator==(const Run&, const Run&) = default;
  };
  /// No set that a guest decides on has more runs: each becomes a mapping of the kernel's, two with the gap
  /// behind it, and Linux lets a process have 65,530 (vm.max_map_count). unite() and subtract() may give
  /// more.
  static constexpr std::size_t kMost = 8192;

  /// The pages of both.
  static PageRuns unite(const PageRuns& one, const PageRuns& other);
  /// The pages of `from` that are not in `what`.
  static PageRuns subtract(const PageRuns& from, const PageRuns& what);

  /// Any order; runs may overlap. False, and what is added is lost, where there are too many runs.
  [[nodiscard]] bool add(Run run);
  [[nodiscard]] bool contains(GuestAddress address) const;
  [[nodiscard]] bool empty() const { return runs_.empty(); }
  /// In order, none next to another.
  [[nodiscard]] const std::vector<Run>& runs() const;
  friend bool operator==(const PageRuns& one, const PageRuns& other) { return one.runs() == other.runs(); }

 private:
  void append(Run run);
  void settle() const;

  // Put in order only when somebody looks: a walk adds many.
  mutable std::vector<Run> runs_;
  mutable bool in_order_ = true;
};

}  // namespace virtsev::vmm
