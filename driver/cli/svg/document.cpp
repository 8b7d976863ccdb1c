// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/svg/document.hpp"

#include <fmt/format.h>

#include "driver/cli/svg/escape.hpp"

namespace virtsev::cli::svg {
namespace {

std::string_view name_of(Anchor anchor) {
  return anchor == Anchor::kEnd ? "end" : anchor == Anchor::kMiddle ? "middle" : "start";
}

}  // namespace

void Document::rect(const Box& box, std::string_view classes, double radius) {
  body_ += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" class=\"{}\"/>\n", box.x,
                       box.y, box.width, box.height, radius, classes);
}

void Document::label(double x, double y, std::string_view classes, std::string_view content, Anchor anchor) {
  body_ += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"{}\" class=\"{}\">{}</text>\n", x, y,
                       name_of(anchor), classes, escape(content));
}

void Document::polyline(const std::string& points, std::string_view classes) {
  body_ += fmt::format("<polyline points=\"{}\" class=\"{}\"/>\n", escape(points), classes);
}

void Document::circle(double x, double y, double radius, std::string_view classes) {
  body_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" class=\"{}\"/>\n", x, y, radius, classes);
}

void Document::begin_group(std::string_view classes, std::string_view title) {
  body_ += fmt::format("<g class=\"{}\">\n<title>{}</title>\n", classes, escape(title));
}

void Document::end_group() { body_ += "</g>\n"; }

std::string Document::finish(double width, double height, std::string_view title) const {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "role=\"img\">\n"
      "<title>{2}</title>\n<style>\n{3}</style>\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n{4}</svg>\n",
      width, height, escape(title), style_, body_);
}

}  // namespace virtsev::cli::svg
