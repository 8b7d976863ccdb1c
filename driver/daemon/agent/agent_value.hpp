// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON as QEMU's guest agent speaks it (qga/qapi-schema.json of QEMU), read as what it is: the bytes of a
// guest that may be hostile. nlohmann's library stands behind it, in one source alone: each that includes
// that takes 4 s more to compile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace virtsev::daemon {

/// A value of an answer; a copy is cheap, and keeps the whole answer. Any thread's.
class AgentValue {
 public:
  /// None where it is not one JSON text, in UTF-8, with at most kMaxDepth arrays and objects in each other.
  static std::optional<AgentValue> parse(std::string_view text);
  /// The agent's own answers are four deep.
  static constexpr std::size_t kMaxDepth = 16;
  static constexpr std::size_t kMaxText = 4096;  ///< Bytes of a string; what is longer is cut

  [[nodiscard]] bool is_object() const;
  /// A member; none also where this is no object.
  [[nodiscard]] std::optional<AgentValue> find(const char* name) const;
  // What it is; none where it is something else.
  [[nodiscard]] std::optional<std::string> string() const;    ///< Made printable, on one line
  [[nodiscard]] std::optional<std::uint64_t> number() const;  ///< Whole, from 0
  [[nodiscard]] std::optional<std::int64_t> signed_number() const;
  [[nodiscard]] std::optional<double> real() const;  ///< Any number
  /// None also where it has more than `limit` elements.
  [[nodiscard]] std::optional<std::vector<AgentValue>> list(std::size_t limit) const;

 private:
  using Node = nlohmann::json;
  AgentValue(std::shared_ptr<const Node> whole, const Node& value)
      : whole_(std::move(whole)), value_(&value) {}

  std::shared_ptr<const Node> whole_;
  const Node* value_;
};

/// A command of the agent's with its arguments, on one line.
class AgentCommand {
 public:
  struct Argument;
  AgentCommand(std::string_view name, std::initializer_list<Argument> arguments);
  explicit AgentCommand(std::string_view name);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& line() const { return line_; }  ///< With its end

 private:
  std::string name_, line_;
};

/// One argument. Texts are UTF-8: throws Error(kInvalidArgument) else, as JSON has no other.
struct AgentCommand::Argument {
  Argument(const char* key, std::int64_t value);
  Argument(const char* key, bool value);
  Argument(const char* key, const std::string& value);
  Argument(const char* key, const char* value) : Argument(key, std::string(value)) {}
  Argument(const char* key, const std::vector<std::string>& value);
  std::string member;  ///< "key":value
};

}  // namespace virtsev::daemon
