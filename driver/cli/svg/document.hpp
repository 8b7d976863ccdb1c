// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes an SVG 1.1 drawing, shape by shape. Every text is escaped; lengths are in pixels.
#pragma once

#include <string>
#include <string_view>

namespace virtsev::cli::svg {

struct Box {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
  [[nodiscard]] double right() const { return x + width; }
  [[nodiscard]] double bottom() const { return y + height; }
};

enum class Anchor { kStart, kMiddle, kEnd };

class Document {
 public:
  /// Classes are CSS's, as `style` defines them: a constant of the caller's, which is not escaped.
  explicit Document(std::string_view style) : style_(style) {}

  void rect(const Box& box, std::string_view classes, double radius = 0);
  void label(double x, double y, std::string_view classes, std::string_view content,
             Anchor anchor = Anchor::kStart);
  /// `points`: pairs "x,y", separated by spaces, as SVG has them.
  void polyline(const std::string& points, std::string_view classes);
  void circle(double x, double y, double radius, std::string_view classes);

  /// All up to end_group() belongs together; `title` is what a viewer shows of it when it is pointed at.
  void begin_group(std::string_view classes, std::string_view title);
  void end_group();

  /// The whole drawing of this size, with a title for those who can't see it.
  [[nodiscard]] std::string finish(double width, double height, std::string_view title) const;

 private:
  std::string style_;
  std::string body_;
};

}  // namespace virtsev::cli::svg
