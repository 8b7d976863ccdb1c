// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/explain/drawing_style.hpp"

#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli::drawing {

std::string size_text(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  const std::string digits = fmt::format("{:.1f}", value);
  const bool whole = digits.size() > 2 && digits.substr(digits.size() - 2) == ".0";
  return (whole ? digits.substr(0, digits.size() - 2) : digits) + " " + kUnits[unit];
}

std::string range_text(std::uint64_t start, std::uint64_t end) {
  return fmt::format("{:#x} – {:#x}", start, end > start ? end - 1 : end);
}

std::string_view class_of(const ExplainedStep& step, const Inputs& inputs) {
  if (step.type == "vmsa") {
    return "vmsa";
  }
  if (step.type == "secrets") {
    return "secret";
  }
  if (step.type != "normal") {
    return "unmeasured";
  }
  return step.origin == inputs.machine ? "built" : "file";
}

std::string type_text(const ExplainedStep& step) {
  // SNP's other types keep their names.
  return step.type == "normal"       ? text("measured")
         : step.type == "unmeasured" ? text("not measured")
                                     : step.type;
}

std::string digest_text(const ExplainedStep& step) {
  constexpr std::size_t kDigits = 16;
  return step.type == "unmeasured" ? text("not measured") : to_hex(step.digest).substr(0, kDigits) + "…";
}

void draw_number(svg::Document& out, double x, double y, std::size_t number) {
  const std::string digits = std::to_string(number);
  const double half = digits.size() > 2 ? 4.5 * static_cast<double>(digits.size()) : 10;
  out.rect({x - half, y - 10, 2 * half, 20}, "badge", 10);
  out.label(x, y + 4, "number", digits, svg::Anchor::kMiddle);
}

std::string tip_of(const ExplainedStep& step) {
  return text("{}: {} bytes, {}, from {}; SHA-256 {}", step.name, step.size, step.type, step.origin,
              to_hex(step.digest));
}

}  // namespace virtsev::cli::drawing
