// SPDX-License-Identifier: LGPL-2.1-or-later
// libvirt's configuration grammar: `key = value` lines, a value being a number, a quoted string or a [list]
// of strings; `#` starts a comment.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace virtsev::daemon {

struct ConfValue {
  std::variant<std::int64_t, std::string, std::vector<std::string>> value;
  int line = 0;  ///< Where the key stands, from 1
};

/// What a configuration file says, untyped. Of a key given twice the last one counts, as in libvirt.
class ConfFile {
 public:
  /// Throws Error(kInvalidArgument) with "FILE:LINE: what is wrong".
  static ConfFile parse(const std::string& content, const std::string& file_name);

  /// Each throws "FILE:LINE: ..." where the key has another type; `fallback` where it is absent.
  std::int64_t number(const std::string& key, std::int64_t fallback, std::int64_t low,
                      std::int64_t high) const;
  std::string string(const std::string& key, const std::string& fallback) const;
  std::vector<std::string> list(const std::string& key, const std::vector<std::string>& fallback) const;
  /// The keys that are there and not in `known`, in the order of their lines.
  [[nodiscard]] std::vector<std::string> others(const std::vector<std::string>& known) const;
  /// "FILE:LINE: 'KEY': `what`", for a message.
  [[nodiscard]] std::string at(const std::string& key, const std::string& what) const;
  /// An Error(kInvalidArgument) that names the place of `key`.
  [[noreturn]] void fail(const std::string& key, const std::string& why) const;

 private:
  std::string file_name_;
  std::map<std::string, ConfValue> values_;
};

}  // namespace virtsev::daemon
