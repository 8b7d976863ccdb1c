// SPDX-License-Identifier: LGPL-2.1-or-later
// What the parts of the drawing share: measures in pixels, colours, and how steps are shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "driver/cli/explain/explanation.hpp"
#include "driver/cli/svg/document.hpp"

namespace virtsev::cli::drawing {

inline constexpr double kWidth = 1120;
inline constexpr double kMargin = 40;
inline constexpr double kTop = 132;  ///< Where both columns begin
/// The column of memory, with addresses to the left of it.
inline constexpr double kMemoryX = 170;
inline constexpr double kMemoryWidth = 520;
/// The column of vCPUs and the legend.
inline constexpr double kSideX = 730;
inline constexpr double kSideWidth = kWidth - kMargin - kSideX;

/// Classes that the style defines. A colour for what each kind of memory means, one shape for all.
inline constexpr std::string_view kStyle =
    "text { font-family: 'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif; fill: #1d2733; }\n"
    ".title { font-size: 24px; font-weight: bold; }\n"
    ".heading { font-size: 14px; font-weight: bold; }\n"
    ".name { font-size: 14px; font-weight: bold; }\n"
    ".line { font-size: 12px; fill: #45525f; }\n"
    ".mono { font-size: 11.5px; font-family: 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #45525f; "
    "}\n"
    ".number { font-size: 11px; font-weight: bold; fill: #ffffff; }\n"
    ".built { fill: #dcebf9; stroke: #3a78b3; }\n"
    ".file { fill: #dff2e3; stroke: #3d8b53; }\n"
    ".vmsa { fill: #ebe4f8; stroke: #7355b8; }\n"
    ".secret { fill: #fff0c9; stroke: #b58105; }\n"
    ".unmeasured { fill: #f2f2f2; stroke: #7d858c; stroke-dasharray: 5 4; }\n"
    ".free { fill: #f7f9fa; stroke: #d3dae0; }\n"
    ".hole { fill: #ffffff; stroke: #d3dae0; stroke-dasharray: 2 4; }\n"
    ".missing { fill: #ffffff; stroke: #c62828; stroke-dasharray: 6 4; stroke-width: 2; }\n"
    ".mark { fill: none; stroke: #c62828; stroke-width: 3; }\n"
    ".alarm { font-size: 12px; font-weight: bold; fill: #c62828; }\n"
    ".alarm-box { fill: #fdecea; stroke: #c62828; }\n"
    ".torn { fill: none; stroke: #b4bec7; stroke-width: 1.2; }\n"
    ".badge { fill: #34495e; }\n"
    ".result { fill: #1d2733; }\n"
    ".result-label { font-size: 12px; fill: #c9d3dc; }\n"
    ".result-digest { font-size: 16px; font-weight: bold; fill: #ffffff; "
    "font-family: 'DejaVu Sans Mono', Menlo, Consolas, monospace; }\n";

/// "4 KiB", "8.1 MiB": at most one decimal.
std::string size_text(std::uint64_t bytes);

/// "0x7000 – 0x7fff": first and last address.
std::string range_text(std::uint64_t start, std::uint64_t end);

/// The class of a step's colour, by its type and by who made its bytes.
std::string_view class_of(const ExplainedStep& step, const Inputs& inputs);

/// Whether the step is measured, for people.
std::string type_text(const ExplainedStep& step);

/// The first digits of a step's digest, or that it is not measured.
std::string digest_text(const ExplainedStep& step);

/// The step's number in the order of measurement, white in a dark circle.
void draw_number(svg::Document& out, double x, double y, std::size_t number);

/// What a viewer shows of a step when it is pointed at: all that is known of it.
std::string tip_of(const ExplainedStep& step);

}  // namespace virtsev::cli::drawing
