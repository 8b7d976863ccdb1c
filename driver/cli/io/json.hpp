// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON as virtsev writes and reads it. nlohmann's stands behind it, in one source alone: each that includes
// that takes 4 s more to compile.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace virtsev::cli {

/// A value to read; good as long as the Json that it is of.
class JsonView {
 public:
  explicit JsonView(const nlohmann::ordered_json& value) : value_(&value) {}

  /// Indented by two. A path need not be UTF-8; JSON must: what is not is replaced.
  [[nodiscard]] std::string dump() const;
  [[nodiscard]] bool is_null() const;
  /// A member; none also where this is no object.
  [[nodiscard]] std::optional<JsonView> find(const char* name) const;

  // What it is; none where it is something else.
  [[nodiscard]] std::optional<bool> truth() const;
  [[nodiscard]] std::optional<std::uint64_t> number() const;  ///< Whole, from 0
  [[nodiscard]] std::optional<std::string> string() const;
  [[nodiscard]] std::optional<std::vector<JsonView>> list() const;

 private:
  const nlohmann::ordered_json* value_;
};

/// What becomes a number in JSON. A bool is none: it becomes true or false.
template <typename Number>
concept WholeNumber = std::unsigned_integral<Number> && !std::same_as<Number, bool>;

/// A value to write, made of what stands for it in C++: `{{"name", value}, ...}` is an object. Members keep
/// their order.
class Json {
 public:
  struct Member;

  Json(std::nullptr_t);
  template <std::same_as<bool> Truth>
  Json(Truth truth) : Json(of_truth(truth)) {}
  template <WholeNumber Number>
  Json(Number number) : Json(of_number(number)) {}
  template <std::convertible_to<std::string_view> Text>
  Json(const Text& text) : Json(of_string(text)) {}
  Json(const std::vector<std::string>& list);
  Json(std::initializer_list<Member> members);
  static Json array();

  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();

  /// None where the text is not JSON.
  static std::optional<Json> parse(std::string_view text);

  /// Adds a member to an object, or replaces it where it is.
  void set(const char* name, const Json& value);
  /// Adds an element to an array.
  void push_back(const Json& value);

  [[nodiscard]] std::string dump() const { return view().dump(); }
  [[nodiscard]] JsonView view() const { return JsonView(*value_); }

 private:
  static Json of_truth(bool truth);
  static Json of_number(std::uint64_t number);
  static Json of_string(std::string_view text);
  explicit Json(nlohmann::ordered_json&& value);

  std::unique_ptr<nlohmann::ordered_json> value_;
};

struct Json::Member {
  const char* name;
  Json value;
};

}  // namespace virtsev::cli
