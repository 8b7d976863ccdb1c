// SPDX-License-Identifier: LGPL-2.1-or-later
// All that is wrong with a document, collected while its parts are read, and told in one error.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

#include <libxml/tree.h>

#include "sevcore/base/error.hpp"

namespace virtsev::domain_xml {

/// Keeps the first of them by line, so that no document makes an error grow without limit.
class Problems {
 public:
  static constexpr std::size_t kMaxNamed = 40;
  static constexpr std::size_t kMaxBytes = 600;  ///< Of one; the rest is cut off

  /// "<os><loader> (line 7): REASON". `reason` is translated already, and says what to do. The same again is
  /// no second problem.
  void add(ErrorCode code, const xmlNode* element, const std::string& reason);
  /// The same for a problem that names its place itself.
  void add_at(long line, ErrorCode code, const std::string& problem);

  [[nodiscard]] bool empty() const { return named_.empty(); }
  /// Throws Error with all of them in the order of their lines, each on a line of its own where there are
  /// several. Its code is the first one's, or kXmlInvalidSchema where the schema found one of them.
  void throw_if_any() const;

 private:
  struct Problem {
    long line;
    ErrorCode code;
    std::string text;
  };
  [[nodiscard]] std::string all_of_them() const;

  std::vector<Problem> named_;              ///< By line
  std::unordered_set<std::size_t> hashes_;  ///< Of every problem, so that each counts once
  std::size_t more_ = 0;
  bool schema_ = false;
};

}  // namespace virtsev::domain_xml
