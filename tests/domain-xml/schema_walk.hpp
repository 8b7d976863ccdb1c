// SPDX-License-Identifier: LGPL-2.1-or-later
// All elements that libvirt's domain schema knows, and the values of their attributes.
#pragma once

#include <map>
#include <set>
#include <string>

namespace virtsev::domain_xml::test {

struct SchemaAttribute {
  bool free = false;             ///< Some other text may stand there, too
  std::set<std::string> values;  ///< That the schema lists
};

/// By path from the root's children on ("cputune/vcpupin"; the root's own is ""), then by attribute; "." is
/// the content.
using SchemaElements = std::map<std::string, std::map<std::string, SchemaAttribute>>;

/// Reads `directory`/domain.rng and what it includes. Elements of any name are left out.
SchemaElements walk_schema(const std::string& directory);

}  // namespace virtsev::domain_xml::test
