// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/xml/writer.hpp"

#include <string_view>

#include "domain-xml/xml/node.hpp"

namespace virtsev::domain_xml {
namespace {

std::string_view view(const xmlChar* value) {
  return value != nullptr ? std::string_view(reinterpret_cast<const char*>(value)) : std::string_view();
}

void escape(std::string& out, std::string_view value, bool in_attribute) {
  for (const char c : value) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\r':
        out += "&#13;";
        break;
      case '\'':
        out += in_attribute ? "&apos;" : "'";
        break;
      case '"':
        out += in_attribute ? "&quot;" : "\"";
        break;
      case '\n':
        out += in_attribute ? "&#10;" : "\n";
        break;
      case '\t':
        out += in_attribute ? "&#9;" : "\t";
        break;
      default:
        out += c;
    }
  }
}

void write_attribute(std::string& out, std::string_view prefix, std::string_view name,
                     std::string_view value) {
  out += ' ';
  if (!prefix.empty()) {
    out += prefix;
    out += ':';
  }
  out += name;
  out += "='";
  escape(out, value, true);
  out += '\'';
}

void write_attributes(std::string& out, const xmlNode* element) {
  for (const xmlNs* ns = element->nsDef; ns != nullptr; ns = ns->next) {
    const bool is_default = ns->prefix == nullptr;
    write_attribute(out, is_default ? "" : "xmlns", is_default ? "xmlns" : view(ns->prefix), view(ns->href));
  }
  for (const xmlAttr* attr = element->properties; attr != nullptr; attr = attr->next) {
    const std::string value = content(reinterpret_cast<const xmlNode*>(attr));
    write_attribute(out, attr->ns != nullptr ? view(attr->ns->prefix) : "", view(attr->name), value);
  }
}

/// What is within an element: nothing, text alone, elements alone, or both.
struct Inside {
  bool elements = false;
  bool words = false;
};

Inside inside_of(const xmlNode* element) {
  Inside inside;
  bool any_text = false;
  for (const xmlNode* node = element->children; node != nullptr; node = node->next) {
    inside.elements |= node->type == XML_ELEMENT_NODE;
    if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
      any_text |= !view(node->content).empty();
      inside.words |= !trim(view(node->content)).empty();
    }
  }
  // White space is a text of its own only where nothing else is.
  inside.words |= any_text && !inside.elements;
  return inside;
}

/// `depth` below zero: in the middle of a text, where no white space may be added.
void write_node(std::string& out, const xmlNode* element, int depth) {
  const auto indent = [&](int level) {
    out.append(static_cast<std::size_t>(level > 0 ? level : 0) * 2, ' ');
  };
  indent(depth);
  out += '<';
  const std::string name = name_of(element);
  out += name;
  write_attributes(out, element);
  const Inside inside = inside_of(element);
  if (!inside.elements && !inside.words) {
    out += "/>";
  } else {
    out += '>';
    const bool as_text = inside.words || depth < 0;
    if (!as_text) {
      out += '\n';
    }
    for (const xmlNode* node = element->children; node != nullptr; node = node->next) {
      if (node->type == XML_ELEMENT_NODE) {
        write_node(out, node, as_text ? -1 : depth + 1);
      } else if (as_text && (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE)) {
        escape(out, view(node->content), false);
      }
    }
    if (!as_text) {
      indent(depth);
    }
    out += "</" + name + ">";
  }
  if (depth >= 0) {
    out += '\n';
  }
}

}  // namespace

std::string write_element(const xmlNode* element) {
  std::string out;
  write_node(out, element, 0);
  return out;
}

}  // namespace virtsev::domain_xml
