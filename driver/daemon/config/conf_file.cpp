// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/config/conf_file.hpp"

#include <algorithm>
#include <charconv>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

// Reads one file from left to right; nothing is looked at twice.
class Reader {
 public:
  Reader(const std::string& content, const std::string& file) : content_(content), file_(file) {}

  std::map<std::string, ConfValue> read() {
    std::map<std::string, ConfValue> values;
    for (skip_blank(true); !at_end(); skip_blank(true)) {
      const int line = line_;
      std::string key = read_key();
      skip_blank(false);
      if (peek() != '=') {
        fail(text("expected '=' after '{}'", key));
      }
      ++position_;
      skip_blank(false);
      ConfValue value{read_value(), line};
      skip_blank(false);
      if (!at_end() && peek() != '\n') {
        fail(text("unexpected text after the value of '{}'", key));
      }
      values.insert_or_assign(std::move(key), std::move(value));
    }
    return values;
  }

 private:
  bool at_end() const { return position_ >= content_.size(); }
  char peek() const { return at_end() ? '\0' : content_[position_]; }

  [[noreturn]] void fail(const std::string& why) const {
    throw Error(ErrorCode::kInvalidArgument, text("{}:{}: {}", file_, line_, why));
  }

  // Skips spaces and comments; line ends too where `lines`.
  void skip_blank(bool lines) {
    for (; !at_end(); ++position_) {
      const char c = peek();
      if (c == '#') {
        position_ = std::min(content_.find('\n', position_), content_.size()) - 1;
      } else if (c == '\n') {
        if (!lines) {
          return;
        }
        ++line_;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return;
      }
    }
  }

  static bool is_key_character(char c, bool first) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    return letter || (!first && ((c >= '0' && c <= '9') || c == '-' || c == '.'));
  }

  std::string read_key() {
    const std::size_t start = position_;
    while (is_key_character(peek(), position_ == start)) {
      ++position_;
    }
    if (position_ == start) {
      fail(text("expected the name of a setting"));
    }
    return content_.substr(start, position_ - start);
  }

  std::variant<std::int64_t, std::string, std::vector<std::string>> read_value() {
    const char c = peek();
    if (c == '"' || c == '\'') {
      return read_string();
    }
    if (c == '[') {
      return read_list();
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
      return read_number();
    }
    fail(text("expected a number, a \"string\" or a [list]"));
  }

  std::string read_string() {
    // Three quotation marks hold a text that runs over lines.
    if (content_.compare(position_, 3, "\"\"\"") == 0) {
      const std::size_t end = content_.find("\"\"\"", position_ + 3);
      if (end == std::string::npos) {
        fail(text("a string is not closed"));
      }
      std::string value = content_.substr(position_ + 3, end - position_ - 3);
      line_ += static_cast<int>(std::count(value.begin(), value.end(), '\n'));
      position_ = end + 3;
      return value;
    }
    const std::size_t end = content_.find(peek(), position_ + 1);
    const std::size_t line_end = content_.find('\n', position_);
    if (end == std::string::npos || end > line_end) {
      fail(text("a string is not closed"));
    }
    std::string value = content_.substr(position_ + 1, end - position_ - 1);
    position_ = end + 1;
    return value;
  }

  std::vector<std::string> read_list() {
    std::vector<std::string> items;
    ++position_;
    for (;;) {
      skip_blank(true);
      if (peek() == ']') {
        ++position_;
        return items;
      }
      if (peek() != '"' && peek() != '\'') {
        fail(text("a list holds strings, separated by commas"));
      }
      items.push_back(read_string());
      skip_blank(true);
      if (peek() == ',') {
        ++position_;
      } else if (peek() != ']') {
        fail(text("a list holds strings, separated by commas"));
      }
    }
  }

  std::int64_t read_number() {
    std::int64_t value = 0;
    const char* const begin = content_.data() + position_;
    const auto [end, error] = std::from_chars(begin, content_.data() + content_.size(), value);
    if (error != std::errc()) {
      fail(text("a number is malformed or too large"));
    }
    position_ += static_cast<std::size_t>(end - begin);
    return value;
  }

  const std::string& content_;
  const std::string& file_;
  std::size_t position_ = 0;
  int line_ = 1;
};

}  // namespace

ConfFile ConfFile::parse(const std::string& content, const std::string& file_name) {
  ConfFile file;
  file.file_name_ = file_name;
  file.values_ = Reader(content, file_name).read();
  return file;
}

std::string ConfFile::at(const std::string& key, const std::string& what) const {
  const auto found = values_.find(key);
  const int line = found == values_.end() ? 0 : found->second.line;
  return text("{}:{}: '{}': {}", file_name_, line, key, what);
}

void ConfFile::fail(const std::string& key, const std::string& why) const {
  throw Error(ErrorCode::kInvalidArgument, at(key, why));
}

std::int64_t ConfFile::number(const std::string& key, std::int64_t fallback, std::int64_t low,
                              std::int64_t high) const {
  const auto found = values_.find(key);
  if (found == values_.end()) {
    return fallback;
  }
  const auto* value = std::get_if<std::int64_t>(&found->second.value);
  if (value == nullptr || *value < low || *value > high) {
    fail(key, text("expected a number from {} to {}", low, high));
  }
  return *value;
}

std::string ConfFile::string(const std::string& key, const std::string& fallback) const {
  const auto found = values_.find(key);
  if (found == values_.end()) {
    return fallback;
  }
  const auto* value = std::get_if<std::string>(&found->second.value);
  if (value == nullptr) {
    fail(key, text("expected a \"string\""));
  }
  return *value;
}

std::vector<std::string> ConfFile::list(const std::string& key,
                                        const std::vector<std::string>& fallback) const {
  const auto found = values_.find(key);
  if (found == values_.end()) {
    return fallback;
  }
  const auto* value = std::get_if<std::vector<std::string>>(&found->second.value);
  if (value == nullptr) {
    fail(key, text("expected a list of strings, such as [\"a\", \"b\"]"));
  }
  return *value;
}

std::vector<std::string> ConfFile::others(const std::vector<std::string>& known) const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : values_) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      keys.push_back(key);
    }
  }
  std::sort(keys.begin(), keys.end(), [this](const std::string& a, const std::string& b) {
    return values_.at(a).line < values_.at(b).line;
  });
  return keys;
}

}  // namespace virtsev::daemon
