// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/xml/problems.hpp"

#include <algorithm>
#include <functional>

#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

/// What an element holds may be long, or have many lines, and stands in its problem. Never cuts a UTF-8
/// character in two.
std::string on_one_line(std::string problem) {
  std::replace(problem.begin(), problem.end(), '\n', ' ');
  constexpr std::string_view kRest = "...";
  if (problem.size() <= Problems::kMaxBytes) {
    return problem;
  }
  std::size_t end = Problems::kMaxBytes - kRest.size();
  while (end > 0 && (static_cast<unsigned char>(problem[end]) & 0xc0) == 0x80) {
    --end;
  }
  problem.resize(end);
  return problem.append(kRest);
}

}  // namespace

void Problems::add(ErrorCode code, const xmlNode* element, const std::string& reason) {
  add_at(xmlGetLineNo(element), code, located(element, reason));
}

void Problems::add_at(long line, ErrorCode code, const std::string& problem) {
  schema_ |= code == ErrorCode::kXmlInvalidSchema;
  if (!hashes_.insert(std::hash<std::string>()(problem)).second) {
    return;
  }
  const auto place = std::upper_bound(named_.begin(), named_.end(), line,
                                      [](long wanted, const Problem& each) { return wanted < each.line; });
  if (named_.size() == kMaxNamed) {
    ++more_;
    if (place == named_.end()) {
      return;
    }
  }
  named_.insert(place, {line, code, on_one_line(problem)});
  named_.resize(std::min(named_.size(), kMaxNamed), {0, code, {}});
}

std::string Problems::all_of_them() const {
  if (named_.size() == 1 && more_ == 0) {
    return named_.front().text;
  }
  std::string all = text("there are {} problems in the XML:", named_.size() + more_);
  for (const Problem& problem : named_) {
    all += "\n  " + problem.text;
  }
  if (more_ != 0) {
    all += "\n  " + text("and {} more after these", more_);
  }
  return all;
}

void Problems::throw_if_any() const {
  if (!empty()) {
    throw Error(schema_ ? ErrorCode::kXmlInvalidSchema : named_.front().code, all_of_them());
  }
}

}  // namespace virtsev::domain_xml
