// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/xml/node.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <new>

#include "domain-xml/xml/problems.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

const xmlChar* to_xml(const char* value) { return reinterpret_cast<const xmlChar*>(value); }
const char* from_xml(const xmlChar* value) { return reinterpret_cast<const char*>(value); }

/// Takes over a string that libxml2 has allocated.
std::string take(xmlChar* value) {
  if (value == nullptr) {
    return {};
  }
  const std::unique_ptr<xmlChar, void (*)(void*)> owner(value, xmlFree);
  return from_xml(value);
}

/// "<os><loader>": from the element below the root.
std::string path_of(const xmlNode* element) {
  std::string path;
  for (const xmlNode* node = element; node != nullptr && node->type == XML_ELEMENT_NODE;
       node = node->parent) {
    const bool is_root = node->parent == nullptr || node->parent->type != XML_ELEMENT_NODE;
    if (!is_root || node == element) {
      path = "<" + name_of(node) + ">" + path;
    }
  }
  return path;
}

}  // namespace

bool is_element(const xmlNode* node, std::string_view name) {
  return node != nullptr && node->type == XML_ELEMENT_NODE && node->ns == nullptr &&
         name == from_xml(node->name);
}

std::vector<xmlNode*> own_elements(const xmlNode* domain) {
  std::vector<xmlNode*> own;
  for (xmlNode* child : child_elements(domain)) {
    if (child->ns != nullptr && child->ns->href != nullptr &&
        kOwnNamespace == reinterpret_cast<const char*>(child->ns->href)) {
      own.push_back(child);
    }
  }
  return own;
}

std::string name_of(const xmlNode* element) {
  const std::string name = from_xml(element->name);
  const bool prefixed = element->ns != nullptr && element->ns->prefix != nullptr;
  return prefixed ? std::string(from_xml(element->ns->prefix)) + ":" + name : name;
}

std::vector<xmlNode*> child_elements(const xmlNode* parent) {
  std::vector<xmlNode*> found;
  for (xmlNode* node = parent != nullptr ? parent->children : nullptr; node != nullptr; node = node->next) {
    if (node->type == XML_ELEMENT_NODE) {
      found.push_back(node);
    }
  }
  return found;
}

std::vector<xmlNode*> children_named(const xmlNode* parent, std::string_view name) {
  std::vector<xmlNode*> found = child_elements(parent);
  std::erase_if(found, [&](const xmlNode* node) { return !is_element(node, name); });
  return found;
}

xmlNode* only_child(const xmlNode* parent, std::string_view name) {
  Problems problems;
  xmlNode* only = only_child(parent, name, problems);
  problems.throw_if_any();
  return only;
}

xmlNode* only_child(const xmlNode* parent, std::string_view name, Problems& problems) {
  const std::vector<xmlNode*> found = children_named(parent, name);
  for (std::size_t i = 1; i < found.size(); ++i) {
    problems.add(ErrorCode::kXmlError, found[i],
                 text("it is there already in line {}; remove this one", xmlGetLineNo(found[0])));
  }
  return found.empty() ? nullptr : found[0];
}

std::optional<std::string> attribute(const xmlNode* element, const char* name) {
  if (element == nullptr || xmlHasNsProp(element, to_xml(name), nullptr) == nullptr) {
    return std::nullopt;
  }
  return take(xmlGetNoNsProp(element, to_xml(name)));
}

void set_attribute(xmlNode* element, const char* name, const std::string& value) {
  if (xmlSetProp(element, to_xml(name), to_xml(value.c_str())) == nullptr) {
    throw std::bad_alloc();
  }
}

void remove_attribute(xmlNode* element, const char* name) {
  if (xmlAttr* found = xmlHasNsProp(element, to_xml(name), nullptr)) {
    xmlRemoveProp(found);
  }
}

std::string content(const xmlNode* element) { return take(xmlNodeGetContent(element)); }

std::string_view trim(std::string_view value) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = value.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) {
    return {};
  }
  return value.substr(begin, value.find_last_not_of(kSpace) - begin + 1);
}

std::string trimmed(const xmlNode* element) { return std::string(trim(content(element))); }

void set_content(xmlNode* element, const std::string& value) {
  while (element->children != nullptr) {
    remove(element->children);
  }
  // xmlNodeSetContent would read entities in it.
  xmlAddChild(element, xmlNewText(to_xml(value.c_str())));
}

xmlNode* add_element(xmlNode* parent, const char* name) {
  xmlNode* node = xmlNewDocNode(parent->doc, nullptr, to_xml(name), nullptr);
  if (node == nullptr) {
    throw std::bad_alloc();
  }
  return xmlAddChild(parent, node);
}

void remove(xmlNode* node) {
  xmlUnlinkNode(node);
  xmlFreeNode(node);
}

std::optional<std::uint64_t> parse_number(std::string_view digits) {
  digits = trim(digits);
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, 10);
  if (error != std::errc() || stop != end) {
    return std::nullopt;
  }
  return value;
}

std::string located(const xmlNode* element, const std::string& reason) {
  return text("{} (line {}): {}", path_of(element), xmlGetLineNo(element), reason);
}

void elements_only(xmlNode* parent, Problems& problems) {
  xmlNode* next = nullptr;
  for (xmlNode* node = parent != nullptr ? parent->children : nullptr; node != nullptr; node = next) {
    next = node->next;
    if (node->type != XML_TEXT_NODE) {
      continue;
    }
    if (const std::string words = content(node); !trim(words).empty()) {
      problems.add(
          ErrorCode::kXmlError, parent,
          text("it holds the text '{}', where only elements have a meaning; remove it", trim(words)));
    }
    remove(node);
  }
}

void allow_only(xmlNode* parent, std::initializer_list<std::string_view> names, Problems& problems) {
  elements_only(parent, problems);
  for (const xmlNode* child : child_elements(parent)) {
    if (std::none_of(names.begin(), names.end(), [&](auto name) { return is_element(child, name); })) {
      problems.add(ErrorCode::kConfigUnsupported, child,
                   text("virtsev does not know this element here; remove it"));
    }
  }
}

}  // namespace virtsev::domain_xml
