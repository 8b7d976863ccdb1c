// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/simulated/page_runs.hpp"

#include <algorithm>

namespace virtsev::vmm {

bool PageRuns::add(Run run) {
  append(run);
  if (runs_.size() >= 2 * kMost) {
    settle();
    if (runs_.size() > kMost) {
      runs_.pop_back();
      return false;
    }
  }
  return true;
}

void PageRuns::append(Run run) {
  if (!runs_.empty()) {
    Run& last = runs_.back();
    if (run.start >= last.start && run.start <= last.end) {
      last.end = std::max(last.end, run.end);
      return;
    }
    in_order_ = in_order_ && run.start > last.end;
  }
  runs_.push_back(run);
}

void PageRuns::settle() const {
  if (in_order_) {
    return;
  }
  std::sort(runs_.begin(), runs_.end(),
            [](const Run& one, const Run& other) { return one.start < other.start; });
  std::size_t last = 0;
  for (std::size_t i = 1; i < runs_.size(); ++i) {
    if (runs_[i].start <= runs_[last].end) {
      runs_[last].end = std::max(runs_[last].end, runs_[i].end);
    } else {
      runs_[++last] = runs_[i];
    }
  }
  runs_.resize(last + 1);
  in_order_ = true;
}

const std::vector<PageRuns::Run>& PageRuns::runs() const {
  settle();
  return runs_;
}

bool PageRuns::contains(GuestAddress address) const {
  settle();
  const auto behind = std::upper_bound(runs_.begin(), runs_.end(), address.value(),
                                       [](std::uint64_t value, const Run& run) { return value < run.start; });
  return behind != runs_.begin() && address.value() < std::prev(behind)->end;
}

PageRuns PageRuns::unite(const PageRuns& one, const PageRuns& other) {
  PageRuns both;
  both.runs_.reserve(one.runs_.size() + other.runs_.size());
  both.runs_ = one.runs_;
  both.runs_.insert(both.runs_.end(), other.runs_.begin(), other.runs_.end());
  both.in_order_ = both.runs_.empty();
  both.settle();
  return both;
}

PageRuns PageRuns::subtract(const PageRuns& from, const PageRuns& what) {
  PageRuns left;
  const std::vector<Run>& taken = what.runs();
  auto next = taken.begin();
  for (Run run : from.runs()) {
    while (next != taken.end() && next->end <= run.start) {
      ++next;
    }
    // One that is taken may reach into the following run, too: `next` stays.
    for (auto inside = next; inside != taken.end() && inside->start < run.end; ++inside) {
      if (inside->start > run.start) {
        left.append({run.start, inside->start});
      }
      run.start = std::min(run.end, inside->end);
    }
    if (run.start < run.end) {
      left.append(run);
    }
  }
  return left;
}

}  // namespace virtsev::vmm
