// SPDX-License-Identifier: LGPL-2.1-or-later
// One table of all elements of libvirt's domain schema: what becomes of each in virtsev. A test walks the
// schema, and holds the table to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <libxml/tree.h>

#include "domain-xml/xml/problems.hpp"

namespace virtsev::domain_xml {

enum class Fate {
  kApplied,  ///< The guest gets what it says, or it only holds what has rows of its own
  kNamed,    ///< Taken and kept, not done, and its user is told so
  kRefused,  ///< Refused at definition
};

struct Row {
  /// Names from the root's children on: "cputune/vcpupin". With "/*" at its end: all within it, too.
  std::string_view path;
  Fate fate;
  /// The attributes that are known, each "name" or "name=value|value", where other values are in no schema.
  /// '-' before a name or value: it is taken and not done. '!' before a value: a domain with it is not
  /// started. '+' before a name: what it says is shown with the element. "." is the element's content.
  std::string_view attributes;
  /// kNamed: whether this one asks for something; null: it always does.
  bool (*asks)(const xmlNode*) = nullptr;
};

/// The row of a path from the root's children on; null: in no schema.
const Row* find_row(std::string_view path);

/// Values of which the schema knows all, and not this one, are problems.
void check_values(const xmlNode* domain, Problems& problems);

/// What the document asks for and nobody does, each once, as "<cputune><vcpupin>" or "<vcpu cpuset>"; at most
/// kMaxNotUsed of them. `domain` is the normalised tree.
std::vector<std::string> not_used(const xmlNode* domain);
inline constexpr std::size_t kMaxNotUsed = 40;

/// Why no guest can be started from this document, though it is taken; empty: one can.
std::string reason_against_start(const xmlNode* domain);

}  // namespace virtsev::domain_xml
