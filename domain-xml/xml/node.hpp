// SPDX-License-Identifier: LGPL-2.1-or-later
// Reading and changing single elements, and refusing them by name and line.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <libxml/tree.h>

#include "sevcore/base/error.hpp"

namespace virtsev::domain_xml {

class Problems;

/// True for an element of this name in no namespace, as libvirt's own elements are.
bool is_element(const xmlNode* node, std::string_view name);
/// The namespace of what virtsev's definitions have beyond libvirt's elements: <virtsev:reboot>.
inline constexpr std::string_view kOwnNamespace = "http://libvirt.org/schemas/domain/virtsev/1.0";
/// Children of <domain> in it, of any name.
std::vector<xmlNode*> own_elements(const xmlNode* domain);
/// Name with prefix, as it is written.
std::string name_of(const xmlNode* element);
/// Elements of any name and namespace, in order.
std::vector<xmlNode*> child_elements(const xmlNode* parent);
std::vector<xmlNode*> children_named(const xmlNode* parent, std::string_view name);
/// Null where there is none. Throws Error(kXmlError) where there are two.
xmlNode* only_child(const xmlNode* parent, std::string_view name);
/// The first; null where there is none. Every other one is a problem.
xmlNode* only_child(const xmlNode* parent, std::string_view name, Problems& problems);

std::optional<std::string> attribute(const xmlNode* element, const char* name);
void set_attribute(xmlNode* element, const char* name, const std::string& value);
void remove_attribute(xmlNode* element, const char* name);

/// The text of an element, with that of elements in it.
std::string content(const xmlNode* element);
/// The same without white space at both ends.
std::string trimmed(const xmlNode* element);
void set_content(xmlNode* element, const std::string& value);

/// Appends an element in no namespace.
xmlNode* add_element(xmlNode* parent, const char* name);
void remove(xmlNode* node);

/// All of `digits` (white space at the ends aside) as a decimal number; nothing where it is none, or too
/// large.
std::optional<std::uint64_t> parse_number(std::string_view digits);
std::string_view trim(std::string_view value);

/// "<os><loader> (line 7): REASON". `reason` is translated already.
std::string located(const xmlNode* element, const std::string& reason);

/// Text between the elements of `parent` (null: nothing to do) is a problem; white space there is dropped.
void elements_only(xmlNode* parent, Problems& problems);

/// Every child that is not among `names` is a problem, and so is text.
void allow_only(xmlNode* parent, std::initializer_list<std::string_view> names, Problems& problems);

}  // namespace virtsev::domain_xml
