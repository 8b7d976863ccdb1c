// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/io/json.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace virtsev::cli {

using Value = nlohmann::ordered_json;

std::string JsonView::dump() const { return value_->dump(2, ' ', false, Value::error_handler_t::replace); }

bool JsonView::is_null() const { return value_->is_null(); }

std::optional<JsonView> JsonView::find(const char* name) const {
  const auto found = value_->is_object() ? value_->find(name) : value_->end();
  return found == value_->end() ? std::nullopt : std::optional(JsonView(*found));
}

std::optional<bool> JsonView::truth() const {
  return value_->is_boolean() ? std::optional(value_->get<bool>()) : std::nullopt;
}

std::optional<std::uint64_t> JsonView::number() const {
  return value_->is_number_unsigned() ? std::optional(value_->get<std::uint64_t>()) : std::nullopt;
}

std::optional<std::string> JsonView::string() const {
  return value_->is_string() ? std::optional(value_->get<std::string>()) : std::nullopt;
}

std::optional<std::vector<JsonView>> JsonView::list() const {
  if (!value_->is_array()) {
    return std::nullopt;
  }
  std::vector<JsonView> elements;
  for (const Value& element : *value_) {
    elements.emplace_back(element);
  }
  return elements;
}

Json::Json(Value&& value) : value_(std::make_unique<Value>(std::move(value))) {}

Json::Json(std::nullptr_t) : Json(Value(nullptr)) {}

Json Json::of_truth(bool truth) { return Json(Value(truth)); }

Json Json::of_number(std::uint64_t number) { return Json(Value(number)); }

Json Json::of_string(std::string_view text) { return Json(Value(std::string(text))); }

Json::Json(const std::vector<std::string>& list) : Json(Value::array()) {
  for (const std::string& text : list) {
    value_->emplace_back(text);
  }
}

Json::Json(std::initializer_list<Member> members) : Json(Value::object()) {
  for (const Member& member : members) {
    set(member.name, member.value);
  }
}

Json Json::array() { return Json(Value::array()); }

Json::Json(const Json& other) : value_(std::make_unique<Value>(*other.value_)) {}
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) { return *this = Json(other); }
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

std::optional<Json> Json::parse(std::string_view text) {
  Value value = Value::parse(text, nullptr, false);
  return value.is_discarded() ? std::nullopt : std::optional(Json(std::move(value)));
}

void Json::set(const char* name, const Json& value) { (*value_)[name] = *value.value_; }

void Json::push_back(const Json& value) { value_->push_back(*value.value_); }

}  // namespace virtsev::cli
