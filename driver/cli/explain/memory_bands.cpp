// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/explain/memory_bands.hpp"

#include <algorithm>
#include <limits>

#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::cli {
namespace {

struct Range {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
};

/// Empty where the plan does not say.
std::vector<Range> ram_of(const Inputs& inputs) {
  std::vector<Range> ram;
  for (const layout::Window& window :
       {layout::low_ram(inputs.memory_bytes), layout::high_ram(inputs.memory_bytes)}) {
    if (window.size != 0) {
      ram.push_back({window.start.value(), window.end().value()});
    }
  }
  return ram;
}

std::uint64_t end_of(std::uint64_t start, std::uint64_t size) {
  return start + std::min(size, std::numeric_limits<std::uint64_t>::max() - start);
}

void add(std::vector<Band>& bands, BandKind kind, const ExplainedStep& step) {
  if (step.address) {
    bands.push_back({kind, *step.address, end_of(*step.address, step.size), &step});
  }
}

/// All that is drawn for itself, by address.
std::vector<Band> solid_bands(const PlanExplanation& explanation, const Difference* difference) {
  std::vector<Band> bands;
  for (const ExplainedStep& step : explanation.steps) {
    add(bands, BandKind::kRegion, step);
  }
  const auto holds_secret = [&](const Band& band) {
    return band.start <= explanation.secret.address.value() && explanation.secret.address.value() < band.end;
  };
  if (explanation.secret.size != 0 && std::none_of(bands.begin(), bands.end(), holds_secret)) {
    const std::uint64_t start = explanation.secret.address.value();
    bands.push_back({BandKind::kSecret, start, end_of(start, explanation.secret.size), nullptr});
  }
  if (difference != nullptr && difference->kind == DifferenceKind::kOnlyThere) {
    add(bands, BandKind::kMissing, *difference->there);
  }
  std::stable_sort(bands.begin(), bands.end(),
                   [](const Band& a, const Band& b) { return a.start < b.start; });
  return bands;
}

/// What lies in [start, end), cut where memory begins or ends.
void fill(std::vector<Band>& bands, std::uint64_t start, std::uint64_t end, const std::vector<Range>& ram) {
  while (start < end) {
    std::uint64_t cut = end;
    bool inside = ram.empty();
    for (const Range& range : ram) {
      inside = inside || (range.start <= start && start < range.end);
      for (const std::uint64_t edge : {range.start, range.end}) {
        cut = edge > start ? std::min(cut, edge) : cut;
      }
    }
    bands.push_back({inside ? BandKind::kFree : BandKind::kHole, start, cut, nullptr});
    start = cut;
  }
}

}  // namespace

std::vector<Band> memory_bands(const PlanExplanation& explanation, const Difference* difference) {
  const std::vector<Range> ram = ram_of(explanation.inputs);
  std::vector<Band> bands;
  std::uint64_t reached = 0;
  for (const Band& band : solid_bands(explanation, difference)) {
    fill(bands, reached, band.start, ram);
    bands.push_back(band);
    reached = std::max(reached, band.end);
  }
  fill(bands, reached, ram.empty() ? reached : ram.back().end, ram);
  return bands;
}

}  // namespace virtsev::cli
