// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/explain/draw_side.hpp"

#include <algorithm>
#include <vector>

#include "driver/cli/explain/drawing_style.hpp"
#include "driver/cli/explain/memory_bands.hpp"
#include "driver/cli/svg/escape.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli::drawing {
namespace {

constexpr double kCardHeight = 50;
constexpr std::size_t kNameCharacters = 34;

/// VMSAs [first, last] of the explanation's steps, all with one digest.
struct Card {
  std::size_t first = 0;
  std::size_t last = 0;
};

std::vector<Card> cards_of(const PlanExplanation& explanation, const ExplainedStep* marked) {
  std::vector<Card> cards;
  const std::vector<ExplainedStep>& steps = explanation.steps;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].address) {
      continue;
    }
    // What is marked stands for itself.
    const bool same = !cards.empty() && cards.back().last + 1 == i &&
                      steps[i].digest == steps[i - 1].digest && &steps[i] != marked &&
                      &steps[i - 1] != marked;
    if (same) {
      cards.back().last = i;
    } else {
      cards.push_back({i, i});
    }
  }
  return cards;
}

void draw_card(svg::Document& out, double y, std::string_view classes, const std::string& name,
               const std::string& digest) {
  out.rect({kSideX, y, kSideWidth, kCardHeight}, classes, 4);
  out.label(kSideX + 46, y + 21, "name", svg::shorten(name, kNameCharacters));
  out.label(kSideX + 46, y + 40, "mono", digest);
}

void draw_card(svg::Document& out, double y, const PlanExplanation& explanation, const Card& card,
               const ExplainedStep* marked) {
  const ExplainedStep& step = explanation.steps[card.first];
  const auto first_vcpu = static_cast<std::size_t>(std::count_if(
      explanation.steps.begin(), explanation.steps.begin() + static_cast<std::ptrdiff_t>(card.first),
      [](const ExplainedStep& other) { return !other.address; }));
  const std::string name = card.first == card.last ? step.name
                                                   : text("VMSAs of vCPUs {} to {}, all alike", first_vcpu,
                                                          first_vcpu + card.last - card.first);
  out.begin_group("region", tip_of(step));
  draw_card(out, y, class_of(step, explanation.inputs), name, digest_text(step));
  draw_number(out, kSideX + 24, y + kCardHeight / 2, card.first + 1);
  if (&step == marked) {
    out.rect({kSideX - 3, y - 1, kSideWidth + 6, kCardHeight + 2}, "mark", 6);
    out.label(kSideX + kSideWidth - 12, y + 40, "alarm", text("first difference"), svg::Anchor::kEnd);
  }
  out.end_group();
}

struct LegendEntry {
  std::string_view classes;
  std::string words;
};

/// Of all that a drawing may show, what is in this one.
std::vector<LegendEntry> legend_of(const PlanExplanation& explanation) {
  std::vector<LegendEntry> all = {{"built", text("measured, made by {}", explanation.inputs.machine)},
                                  {"file", text("measured, from a file of yours")},
                                  {"vmsa", text("measured, a vCPU's registers")},
                                  {"unmeasured", text("not measured: the host may change it")}};
  std::erase_if(all, [&](const LegendEntry& entry) {
    return std::none_of(explanation.steps.begin(), explanation.steps.end(), [&](const ExplainedStep& step) {
      return class_of(step, explanation.inputs) == entry.classes;
    });
  });
  if (explanation.secret.size != 0) {
    all.push_back({"secret", text("where the launch secret goes")});
  }
  const std::vector<Band> bands = memory_bands(explanation, nullptr);
  const auto has = [&](BandKind kind) {
    return std::any_of(bands.begin(), bands.end(), [&](const Band& band) { return band.kind == kind; });
  };
  if (has(BandKind::kFree)) {
    all.push_back({"free", text("memory that is not loaded")});
  }
  if (has(BandKind::kHole)) {
    all.push_back({"hole", text("no memory: devices, or nothing")});
  }
  return all;
}

}  // namespace

double draw_vcpus(svg::Document& out, double y, const PlanExplanation& explanation,
                  const Difference* difference) {
  out.label(kSideX, y - 14, "heading", text("vCPUs"));
  const ExplainedStep* marked = difference != nullptr ? difference->here : nullptr;
  const std::vector<Card> cards = cards_of(explanation, marked);
  if (cards.empty()) {
    out.label(kSideX, y + 10, "line", text("SEV measures nothing of them; SEV-ES does"));
    y += 24;
  }
  for (const Card& card : cards) {
    draw_card(out, y, explanation, card, marked);
    y += kCardHeight + 6;
  }
  const bool missing =
      difference != nullptr && difference->kind == DifferenceKind::kOnlyThere && !difference->there->address;
  if (missing) {
    draw_card(out, y, "missing", difference->there->name, text("only in the other plan"));
    y += kCardHeight + 6;
  }
  return y;
}

double draw_legend(svg::Document& out, double y, const PlanExplanation& explanation) {
  out.label(kSideX, y - 14, "heading", text("Legend"));
  for (const LegendEntry& entry : legend_of(explanation)) {
    out.rect({kSideX, y, 26, 16}, entry.classes, 3);
    out.label(kSideX + 38, y + 12, "line", entry.words);
    y += 26;
  }
  draw_number(out, kSideX + 13, y + 8, 1);
  out.label(kSideX + 38, y + 12, "line", text("the order in which it is measured"));
  out.label(kSideX, y + 38, "mono", "7f3a…");
  out.label(kSideX + 38, y + 38, "line", text("the first digits of its SHA-256"));
  return y + 52;
}

}  // namespace virtsev::cli::drawing
