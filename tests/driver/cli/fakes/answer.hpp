// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON as tests look at it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "driver/cli/io/json.hpp"

namespace virtsev::cli::test {

/// A value. What is asked of it and is not there, or is something else, fails the test.
class Answer {
 public:
  explicit Answer(Json whole) : Answer(std::make_shared<const Json>(std::move(whole))) {}
  static Answer parse(const std::string& text);

  Answer operator[](const std::string& member) const;
  Answer operator[](std::size_t element) const { return elements().at(element); }
  [[nodiscard]] std::vector<Answer> elements() const;
  [[nodiscard]] std::size_t size() const { return elements().size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] bool is_null() const { return view_.is_null(); }
  [[nodiscard]] std::string string() const;
  [[nodiscard]] bool truth() const;

  bool operator==(const Answer& other) const { return view_.dump() == other.view_.dump(); }
  bool operator==(std::nullptr_t) const { return is_null(); }
  bool operator==(std::string_view text) const { return view_.string() == text; }
  template <std::same_as<bool> Truth>
  bool operator==(Truth truth) const {
    return view_.truth() == truth;
  }
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) bool operator==(Number number) const {
    return view_.number() == static_cast<std::uint64_t>(number);
  }
  friend std::ostream& operator<<(std::ostream& stream, const Answer& answer);

 private:
  explicit Answer(std::shared_ptr<const Json> whole) : Answer(whole, whole->view()) {}
  Answer(std::shared_ptr<const Json> whole, JsonView view) : whole_(std::move(whole)), view_(view) {}

  std::shared_ptr<const Json> whole_;
  JsonView view_;
};

}  // namespace virtsev::cli::test
