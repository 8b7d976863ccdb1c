// SPDX-License-Identifier: LGPL-2.1-or-later
// <launchSecurity> in other words, or in another place: taken for an unknown element it would be kept, and
// the guest would run without protection.
#include <algorithm>
#include <array>

#include "domain-xml/rules/rules.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

constexpr std::string_view kRight = "launchSecurity";
constexpr std::string_view kLetters = "launchsecurity";
/// Letters that are wrong, missing or too many.
constexpr std::size_t kMaxMistakes = 2;

/// Lower case, and nothing but letters.
std::string letters_of(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (lower >= 'a' && lower <= 'z') {
      letters += lower;
    }
  }
  return letters;
}

/// Levenshtein's distance of `letters` to kLetters.
std::size_t mistakes_in(std::string_view letters) {
  std::array<std::size_t, kLetters.size() + 1> row{};
  for (std::size_t i = 0; i < row.size(); ++i) {
    row[i] = i;
  }
  for (std::size_t i = 0; i < letters.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < kLetters.size(); ++j) {
      const std::size_t changed = diagonal + (letters[i] == kLetters[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

bool is_meant(const xmlChar* name) {
  const std::string letters = letters_of(reinterpret_cast<const char*>(name));
  return letters.size() <= kLetters.size() + kMaxMistakes && mistakes_in(letters) <= kMaxMistakes;
}

void check_attributes(const xmlNode* element, Problems& problems) {
  for (const xmlAttr* each = element->properties; each != nullptr; each = each->next) {
    if (is_meant(each->name)) {
      problems.add(
          ErrorCode::kXmlError, element,
          text("its attribute '{}' protects no guest; remove it, and add <launchSecurity type='sev'> "
               "to <domain>",
               reinterpret_cast<const char*>(each->name)));
    }
  }
}

void check_within(xmlNode* parent, const xmlNode* domain, Problems& problems) {
  for (xmlNode* element : child_elements(parent)) {
    const bool top = parent == domain;
    if (top && is_element(element, "metadata")) {
      continue;
    }
    check_attributes(element, problems);
    if (is_meant(element->name) && !(top && is_element(element, kRight))) {
      if (top && element->ns == nullptr && children_named(domain, kRight).empty()) {
        problems.add(ErrorCode::kXmlError, element,
                     text("a guest's protection is spelt <launchSecurity>; rename the element"));
        // What is in it is read as what it is meant to be.
        xmlNodeSetName(element, reinterpret_cast<const xmlChar*>(kRight.data()));
      } else {
        problems.add(ErrorCode::kXmlError, element,
                     text("a guest's protection is one <launchSecurity> directly in <domain>, and in no "
                          "namespace; remove the element"));
      }
    }
    check_within(element, domain, problems);
  }
}

}  // namespace

void check_spelling(xmlNode* domain, Problems& problems) {
  check_attributes(domain, problems);
  check_within(domain, domain, problems);
}

}  // namespace virtsev::domain_xml
