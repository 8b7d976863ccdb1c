// SPDX-License-Identifier: LGPL-2.1-or-later
// From a document to a definition: each part checks and normalises its own elements of the tree, which is
// written out in the end.
#include "domain-xml/domain_definition.hpp"
#include "domain-xml/elements/elements.hpp"
#include "domain-xml/limits.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/rules/rules.hpp"
#include "domain-xml/xml/document.hpp"
#include "domain-xml/xml/node.hpp"
#include "domain-xml/xml/problems.hpp"
#include "domain-xml/xml/schema.hpp"
#include "domain-xml/xml/writer.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

/// Elements that no part reads, and of which there can be one alone.
void check_single(const xmlNode* domain, Problems& problems) {
  for (const char* name : {"metadata", "memoryBacking", "cpu", "clock"}) {
    only_child(domain, name, problems);
  }
}

}  // namespace

DomainDefinition parse(const std::string& xml, const ParseOptions& options) {
  const Document document = read_document(xml);
  Problems problems;
  if (options.validate_schema) {
    check_schema(document.get(), problems);
  }
  xmlNode* domain = xmlDocGetRootElement(document.get());
  read_domain_type(domain, problems);
  elements_only(domain, problems);
  check_single(domain, problems);
  check_spelling(domain, problems);
  DomainDefinition definition;
  ParseOptions rules = options;
  if (!add_default_protection(domain, options)) {
    rules.default_policy.reset();
  }
  read_general(domain, definition, problems);
  read_launch_security(domain, definition, problems);
  check_protection(domain, options, definition, problems);
  check_sev_es(domain, definition, rules, problems);
  check_headless(domain, options, problems);
  read_lifecycle(domain, definition, problems);
  read_memory(domain, definition, problems);
  read_vcpus(domain, definition, problems);
  read_cpu_placement(domain, definition, problems);
  read_os(domain, definition, problems);
  read_features(domain, definition, problems);
  read_clock(domain, problems);
  read_devices(domain, definition, options.keep_aliases, problems);
  if (!options.stored) {
    check_values(domain, problems);
  }
  problems.throw_if_any();
  put_in_order(domain);
  definition.not_used = not_used(domain);
  if (definition.reason_against_start.empty()) {
    definition.reason_against_start = reason_against_start(domain);
  }
  definition.document = write_element(domain);
  if (definition.document.size() > kMaxDefinitionBytes) {
    throw Error(ErrorCode::kXmlError,
                text("the domain's definition is {} bytes long as it is written out; at most {} are "
                     "kept: shorten its <metadata> or <description>",
                     definition.document.size(), kMaxDefinitionBytes));
  }
  return definition;
}

std::optional<Identity> identity_of(const std::string& xml) {
  try {
    const Document document = read_document(xml);
    const xmlNode* domain = xmlDocGetRootElement(document.get());
    const xmlNode* name = only_child(domain, "name");
    const xmlNode* uuid = only_child(domain, "uuid");
    if (!is_element(domain, "domain") || name == nullptr || uuid == nullptr) {
      return std::nullopt;
    }
    const std::optional<Uuid> parsed = parse_uuid(trimmed(uuid));
    if (!parsed || !reason_against_name(content(name)).empty()) {
      return std::nullopt;
    }
    return Identity{content(name), *parsed};
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool host_may_debug(const DomainDefinition& definition) {
  return !definition.launch_security || !definition.launch_security->policy.has(sevcore::PolicyBit::kNoDebug);
}

}  // namespace virtsev::domain_xml
