// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/explain/draw_memory.hpp"

#include <cmath>

#include "driver/cli/explain/drawing_style.hpp"
#include "driver/cli/explain/memory_bands.hpp"
#include "driver/cli/svg/escape.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli::drawing {
namespace {

constexpr double kGapHeight = 40;
constexpr double kLeastHeight = 50;
/// More for each doubling of a region's size: large ones look large, and small ones can be read.
constexpr double kHeightOfDoubling = 5;
/// As many characters as fit in bold beside a region's size and type.
constexpr std::size_t kNameCharacters = 34;

double height_of(const Band& band) {
  switch (band.kind) {
    case BandKind::kFree:
    case BandKind::kHole:
      return kGapHeight;
    case BandKind::kSecret:
    case BandKind::kMissing:
      return kLeastHeight;
    case BandKind::kRegion:
      break;
  }
  const double pages = static_cast<double>(band.end - band.start) / static_cast<double>(kPageSize);
  return kLeastHeight + std::round(kHeightOfDoubling * std::log2(std::max(pages, 1.0)));
}

/// A tear: here the scale is broken.
void draw_tear(svg::Document& out, double y) {
  constexpr double kStep = 10;
  std::string points;
  bool up = false;
  for (double x = kMemoryX; x <= kMemoryX + kMemoryWidth; x += kStep) {
    points += fmt::format("{},{} ", x, up ? y - 2 : y + 2);
    up = !up;
  }
  out.polyline(points, "torn");
}

void draw_gap(svg::Document& out, const Band& band, const svg::Box& box) {
  const std::string size = size_text(band.end - band.start);
  out.rect(box, band.kind == BandKind::kHole ? "hole" : "free");
  draw_tear(out, box.y + 7);
  draw_tear(out, box.bottom() - 7);
  out.label(box.x + box.width / 2, box.y + kGapHeight / 2 + 4, "line",
            band.kind == BandKind::kHole ? text("no memory here, {}", size)
                                         : text("nothing is loaded here, {}", size),
            svg::Anchor::kMiddle);
}

void draw_solid(svg::Document& out, const Band& band, const svg::Box& box, std::string_view classes,
                const std::string& name, const std::string& type, const std::string& digest) {
  out.rect(box, classes, 4);
  const double x = box.x + 46;
  const double right = box.right() - 14;
  const double middle = box.y + box.height / 2;
  out.label(x, middle - 4, "name", svg::shorten(name, kNameCharacters));
  out.label(right, middle - 4, "line", size_text(band.end - band.start) + ", " + type, svg::Anchor::kEnd);
  out.label(x, middle + 15, "mono", range_text(band.start, band.end));
  out.label(right, middle + 15, "mono", digest, svg::Anchor::kEnd);
}

std::size_t number_of(const PlanExplanation& explanation, const ExplainedStep* step) {
  return static_cast<std::size_t>(step - explanation.steps.data()) + 1;
}

bool holds_secret(const PlanExplanation& explanation, const Band& band) {
  const std::uint64_t secret = explanation.secret.address.value();
  return explanation.secret.size != 0 && band.start <= secret && secret < band.end;
}

void draw_region(svg::Document& out, const PlanExplanation& explanation, const Band& band,
                 const svg::Box& box, const Difference* difference) {
  const ExplainedStep& step = *band.step;
  const bool secret = holds_secret(explanation, band);
  out.begin_group("region", tip_of(step));
  draw_solid(out, band, box, secret ? "secret" : class_of(step, explanation.inputs), step.name,
             secret ? text("{}, takes the secret", type_text(step)) : type_text(step), digest_text(step));
  draw_number(out, box.x + 24, box.y + box.height / 2, number_of(explanation, &step));
  if (difference != nullptr && difference->here == &step) {
    out.rect({box.x - 3, box.y - 1, box.width + 6, box.height + 2}, "mark", 6);
    out.label(box.x - 12, box.bottom() - 6, "alarm", text("first difference"), svg::Anchor::kEnd);
  }
  out.end_group();
}

void draw_band(svg::Document& out, const PlanExplanation& explanation, const Band& band, const svg::Box& box,
               const Difference* difference) {
  out.label(kMemoryX - 12, box.y + 12, "mono", fmt::format("{:#x}", band.start), svg::Anchor::kEnd);
  switch (band.kind) {
    case BandKind::kFree:
    case BandKind::kHole:
      return draw_gap(out, band, box);
    case BandKind::kRegion:
      return draw_region(out, explanation, band, box, difference);
    case BandKind::kSecret:
      return draw_solid(out, band, box, "secret", text("launch secret"), text("not measured"),
                        text("encrypted by its owner"));
    case BandKind::kMissing:
      draw_solid(out, band, box, "missing", band.step->name, text("only in the other plan"),
                 digest_text(*band.step));
      out.label(box.x - 12, box.bottom() - 6, "alarm", text("first difference"), svg::Anchor::kEnd);
  }
}

}  // namespace

double draw_memory(svg::Document& out, const PlanExplanation& explanation, const Difference* difference) {
  out.label(kMemoryX, kTop - 14, "heading", text("Guest memory"));
  double y = kTop;
  std::uint64_t end = 0;
  for (const Band& band : memory_bands(explanation, difference)) {
    const svg::Box box = {kMemoryX, y, kMemoryWidth, height_of(band)};
    draw_band(out, explanation, band, box, difference);
    y = box.bottom() + 4;
    end = band.end;
  }
  out.label(kMemoryX - 12, y + 8, "mono", fmt::format("{:#x}", end), svg::Anchor::kEnd);
  return y + 12;
}

}  // namespace virtsev::cli::drawing
