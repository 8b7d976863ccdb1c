// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes a tree as libvirt writes XML: two spaces a level, attributes in single quotes.
#pragma once

#include <string>

#include <libxml/tree.h>

namespace virtsev::domain_xml {

/// Ends in a newline. Comments and white space between elements are left out, except in text that has
/// elements in it.
std::string write_element(const xmlNode* element);

}  // namespace virtsev::domain_xml
