// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/explain/drawing.hpp"

#include <algorithm>

#include "driver/cli/explain/draw_memory.hpp"
#include "driver/cli/explain/draw_side.hpp"
#include "driver/cli/explain/drawing_style.hpp"
#include "driver/cli/svg/escape.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/launch/policy.hpp"

namespace virtsev::cli {
namespace {

using namespace drawing;

/// As many characters of a sentence as fit on a line of the page.
constexpr std::size_t kLineCharacters = 130;

std::string inputs_line(const Inputs& inputs) {
  const std::string vcpus = text("vCPUs: {}", inputs.vcpus);
  const std::string policy = text("policy {}", sevcore::describe(sevcore::Policy(inputs.policy)));
  std::string line = inputs.machine + "   ·   ";
  if (inputs.memory_bytes != 0) {
    line += size_text(inputs.memory_bytes) + "   ·   ";
  }
  line += vcpus + "   ·   " + policy;
  return inputs.vmsa.empty() ? line : line + "   ·   " + text("VMSAs as {} makes them", inputs.vmsa);
}

void draw_head(svg::Document& out, const PlanExplanation& explanation) {
  out.label(kMargin, 52, "title", text("What a guest's launch is made of"));
  out.label(kMargin, 78, "line", svg::shorten(inputs_line(explanation.inputs), kLineCharacters));
}

double draw_sentence(svg::Document& out, double y, const std::string& sentence) {
  out.rect({kMargin, y, kWidth - 2 * kMargin, 34}, "alarm-box", 4);
  out.label(kMargin + 16, y + 22, "alarm", svg::shorten(sentence, kLineCharacters));
  return y + 34 + 14;
}

double draw_result(svg::Document& out, double y, const Bytes& digest) {
  out.rect({kMargin, y, kWidth - 2 * kMargin, 66}, "result", 6);
  out.label(kMargin + 20, y + 25, "result-label",
            text("Launch digest: SHA-256 of all that is measured, in the order of the numbers"));
  out.label(kMargin + 20, y + 50, "result-digest", to_hex(digest));
  return y + 66;
}

}  // namespace

std::string draw(const PlanExplanation& explanation, const Difference* difference,
                 const std::string& sentence) {
  svg::Document body(kStyle);
  draw_head(body, explanation);
  const double memory_end = draw_memory(body, explanation, difference);
  const double vcpus_end = draw_vcpus(body, kTop, explanation, difference);
  const double side_end = draw_legend(body, vcpus_end + 44, explanation);
  double y = std::max(memory_end, side_end) + 20;
  if (difference != nullptr) {
    y = draw_sentence(body, y, sentence);
  }
  y = draw_result(body, y, explanation.launch_digest);
  return body.finish(kWidth, y + kMargin,
                     text("Launch plan, launch digest {}", to_hex(explanation.launch_digest)));
}

}  // namespace virtsev::cli
