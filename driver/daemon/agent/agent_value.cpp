// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/agent/agent_value.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "sevcore/base/error.hpp"
#include "sevcore/base/printable.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

using Node = nlohmann::json;

// Looked at before anything is made of the text: what is too deep never becomes a tree.
bool is_too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > AgentValue::kMaxDepth) {
        return true;
      }
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

std::string text_of(const Node& value) {
  try {
    return value.dump();
  } catch (const Node::type_error&) {
    throw Error(ErrorCode::kInvalidArgument,
                text("invalid argument: a name or path for the guest agent is not UTF-8"));
  }
}

}  // namespace

std::optional<AgentValue> AgentValue::parse(std::string_view text) {
  if (is_too_deep(text)) {
    return std::nullopt;
  }
  auto whole = std::make_shared<const Node>(Node::parse(text, nullptr, false));
  if (whole->is_discarded()) {
    return std::nullopt;
  }
  const Node& value = *whole;
  return AgentValue(std::move(whole), value);
}

bool AgentValue::is_object() const { return value_->is_object(); }

std::optional<AgentValue> AgentValue::find(const char* name) const {
  const auto found = value_->is_object() ? value_->find(name) : value_->end();
  return found == value_->end() ? std::nullopt : std::optional(AgentValue(whole_, *found));
}

std::optional<std::string> AgentValue::string() const {
  const auto* const raw = value_->get_ptr<const std::string*>();
  return raw == nullptr ? std::nullopt : std::optional(printable_line(cut_at_character(*raw, kMaxText)));
}

std::optional<std::uint64_t> AgentValue::number() const {
  return value_->is_number_unsigned() ? std::optional(value_->get<std::uint64_t>()) : std::nullopt;
}

std::optional<std::int64_t> AgentValue::signed_number() const {
  const bool fits = value_->is_number_integer() && !(value_->is_number_unsigned() &&
                                                     value_->get<std::uint64_t>() > std::uint64_t{INT64_MAX});
  return fits ? std::optional(value_->get<std::int64_t>()) : std::nullopt;
}

std::optional<double> AgentValue::real() const {
  return value_->is_number() ? std::optional(value_->get<double>()) : std::nullopt;
}

std::optional<std::vector<AgentValue>> AgentValue::list(std::size_t limit) const {
  if (!value_->is_array() || value_->size() > limit) {
    return std::nullopt;
  }
  std::vector<AgentValue> elements;
  elements.reserve(value_->size());
  for (const Node& element : *value_) {
    elements.push_back(AgentValue(whole_, element));
  }
  return elements;
}

AgentCommand::AgentCommand(std::string_view name, std::initializer_list<Argument> arguments) : name_(name) {
  line_ = "{\"execute\":\"" + name_ + '"';
  const char* before = ",\"arguments\":{";
  for (const Argument& argument : arguments) {
    line_ += before + argument.member;
    before = ",";
  }
  line_ += arguments.size() == 0 ? "}\n" : "}}\n";
}

AgentCommand::AgentCommand(std::string_view name) : AgentCommand(name, {}) {}

AgentCommand::Argument::Argument(const char* key, std::int64_t value)
    : member(text_of(Node(key)) + ':' + text_of(Node(value))) {}
AgentCommand::Argument::Argument(const char* key, bool value)
    : member(text_of(Node(key)) + ':' + text_of(Node(value))) {}
AgentCommand::Argument::Argument(const char* key, const std::string& value)
    : member(text_of(Node(key)) + ':' + text_of(Node(value))) {}
AgentCommand::Argument::Argument(const char* key, const std::vector<std::string>& value)
    : member(text_of(Node(key)) + ':' + text_of(Node(value))) {}

}  // namespace virtsev::daemon
