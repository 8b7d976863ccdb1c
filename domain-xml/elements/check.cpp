// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <functional>

#include "domain-xml/elements/elements.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

constexpr std::string_view kContent = ".";

/// The part of `list` before `separator`, which is taken out of it.
std::string_view next(std::string_view& list, char separator) {
  const std::size_t end = std::min(list.find(separator), list.size());
  const std::string_view first = list.substr(0, end);
  list.remove_prefix(std::min(end + 1, list.size()));
  return first;
}

/// '-', '!' or '+' in front of a name or value is taken off it.
char sign_of(std::string_view& word) {
  const bool has_sign = !word.empty() && (word[0] == '-' || word[0] == '!' || word[0] == '+');
  const char sign = has_sign ? word[0] : ' ';
  word.remove_prefix(has_sign ? 1 : 0);
  return sign;
}

struct Known {
  char sign = ' ';
  std::string_view values;  ///< Empty: any
};

std::optional<Known> find_attribute(const Row& row, std::string_view name) {
  for (std::string_view rest = row.attributes; !rest.empty();) {
    std::string_view values = next(rest, ' ');
    std::string_view written = next(values, '=');
    const char sign = sign_of(written);
    if (written == name) {
      return Known{sign, values};
    }
  }
  return std::nullopt;
}

/// The sign of a value; nothing where it is not among those that are known.
std::optional<char> find_value(const Known& known, std::string_view value) {
  for (std::string_view rest = known.values; !rest.empty();) {
    std::string_view each = next(rest, '|');
    const char sign = sign_of(each);
    if (each == value) {
      return sign;
    }
  }
  return known.values.empty() ? std::optional<char>(' ') : std::nullopt;
}

std::string list_of(const Known& known) {
  std::string all;
  for (std::string_view rest = known.values; !rest.empty();) {
    std::string_view each = next(rest, '|');
    sign_of(each);
    all += (all.empty() ? "" : ", ") + std::string(each);
  }
  return all;
}

/// Attributes in no namespace, and "." for the content of elements that have none within.
std::vector<std::pair<std::string, std::string>> written_in(const xmlNode* element) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const xmlAttr* each = element->properties; each != nullptr; each = each->next) {
    if (each->ns == nullptr) {
      all.emplace_back(reinterpret_cast<const char*>(each->name),
                       content(reinterpret_cast<const xmlNode*>(each)));
    }
  }
  if (child_elements(element).empty()) {
    all.emplace_back(kContent, trimmed(element));
  }
  return all;
}

/// Called with each element that has a row or could have one, and its row. Returns whether to go into it.
using Visit = std::function<bool(const xmlNode* element, const Row* row)>;

void walk(const xmlNode* element, const std::string& path, const Visit& visit) {
  for (const xmlNode* child : child_elements(element)) {
    const std::string below = path.empty() ? name_of(child) : path + "/" + name_of(child);
    const Row* row = child->ns == nullptr ? find_row(below) : nullptr;
    if (visit(child, row)) {
      walk(child, below, visit);
    }
  }
}

bool covers_all_within(const Row& row) { return row.path.ends_with("/*"); }

void check_values_of(const xmlNode* element, const Row& row, Problems& problems) {
  for (const auto& [name, value] : written_in(element)) {
    const std::optional<Known> known = find_attribute(row, name);
    if (!known || find_value(*known, value)) {
      continue;
    }
    problems.add(ErrorCode::kXmlError, element,
                 name == kContent
                     ? text("'{}' is not a value that libvirt knows; remove the element, or write one of: {}",
                            value, list_of(*known))
                     : text("{}='{}' is not a value that libvirt knows; remove the attribute, or write one "
                            "of: {}",
                            name, value, list_of(*known)));
  }
}

constexpr std::size_t kMaxName = 100;

/// The list of what is not used, as it grows.
class NotUsed {
 public:
  void add(std::string name) {
    // Shown on terminals, in one line; never half a UTF-8 character.
    std::replace_if(
        name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
        ' ');
    std::size_t end = std::min(name.size(), kMaxName);
    while (end < name.size() && end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) {
      --end;
    }
    name.resize(end);
    if (all_.size() <= kMaxNotUsed && std::find(all_.begin(), all_.end(), name) == all_.end()) {
      all_.push_back(all_.size() < kMaxNotUsed ? std::move(name) : "...");
    }
  }
  std::vector<std::string> take() { return std::move(all_); }

 private:
  std::vector<std::string> all_;
};

/// "<clock><timer name='rtc'>", where `inside` is "name='rtc'".
std::string shown(const xmlNode* element, const std::string& inside) {
  std::string path = "<" + name_of(element) + (inside.empty() ? "" : " " + inside) + ">";
  for (const xmlNode* node = element->parent;
       node->parent != nullptr && node->parent->type == XML_ELEMENT_NODE; node = node->parent) {
    path = "<" + name_of(node) + ">" + path;
  }
  return path;
}

std::string pair_of(const std::string& name, const std::string& value) { return name + "='" + value + "'"; }

/// With the attribute that says which of its kind it is.
std::string key_of(const xmlNode* element, const Row& row) {
  for (const auto& [name, value] : written_in(element)) {
    if (const auto known = find_attribute(row, name); known && known->sign == '+') {
      return pair_of(name, value);
    }
  }
  return {};
}

void add_attributes(const xmlNode* element, const Row& row, NotUsed& list) {
  for (const auto& [name, value] : written_in(element)) {
    const std::optional<Known> known = find_attribute(row, name);
    if (name == kContent) {
      continue;
    }
    if (!known || known->sign == '-') {
      list.add(shown(element, name));
    } else if (find_value(*known, value) == '-') {
      list.add(shown(element, pair_of(name, value)));
    }
  }
}

}  // namespace

void check_values(const xmlNode* domain, Problems& problems) {
  walk(domain, "", [&](const xmlNode* element, const Row* row) {
    if (row == nullptr || row->fate == Fate::kRefused || covers_all_within(*row)) {
      return false;
    }
    check_values_of(element, *row, problems);
    return true;
  });
}

std::vector<std::string> not_used(const xmlNode* domain) {
  NotUsed list;
  const std::vector<xmlNode*> own = own_elements(domain);
  const auto look = [&](const xmlNode* element, const Row* row) {
    if (std::find(own.begin(), own.end(), element) != own.end()) {
      return false;
    }
    if (row == nullptr) {
      list.add(shown(element, ""));
      return false;
    }
    if (row->fate == Fate::kNamed && (row->asks == nullptr || row->asks(element))) {
      list.add(shown(element, key_of(element, *row)));
    }
    if (row->fate != Fate::kApplied || covers_all_within(*row)) {
      return false;
    }
    add_attributes(element, *row, list);
    return true;
  };
  add_attributes(domain, *find_row(""), list);
  walk(domain, "", look);
  return list.take();
}

std::string reason_against_start(const xmlNode* domain) {
  std::string reason;
  walk(domain, "", [&](const xmlNode* element, const Row* row) {
    if (row == nullptr || row->fate == Fate::kRefused || !reason.empty()) {
      return false;
    }
    for (const auto& [name, value] : written_in(element)) {
      const std::optional<Known> known = find_attribute(*row, name);
      if (known && find_value(*known, value) == '!') {
        reason =
            text("{} asks for what virtsev does not do, and for no guest without it; remove the attribute",
                 shown(element, pair_of(name, value)));
      }
    }
    return !covers_all_within(*row);
  });
  return reason;
}

}  // namespace virtsev::domain_xml
