// SPDX-License-Identifier: LGPL-2.1-or-later
// <domain type>, <name>, <uuid>, <title>, <description>.
#include <algorithm>

#include "domain-xml/limits.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

bool has_control_character(const std::string& value) {
  return std::any_of(value.begin(), value.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

void read_name(xmlNode* domain, DomainDefinition& definition, Problems& problems) {
  const xmlNode* name = only_child(domain, "name", problems);
  if (name == nullptr) {
    problems.add(ErrorCode::kXmlError, domain, text("it has no name; add <name>"));
    return;
  }
  definition.name = content(name);
  if (const std::string reason = reason_against_name(definition.name); !reason.empty()) {
    problems.add(ErrorCode::kXmlError, name, reason);
  }
}

void read_uuid(xmlNode* domain, DomainDefinition& definition, Problems& problems) {
  xmlNode* uuid = only_child(domain, "uuid", problems);
  std::optional<Uuid> parsed = random_uuid();
  if (uuid == nullptr) {
    uuid = add_element(domain, "uuid");
  } else {
    parsed = parse_uuid(trimmed(uuid));
  }
  if (!parsed) {
    problems.add(
        ErrorCode::kXmlError, uuid,
        text("'{}' is not a UUID; write one as 'uuidgen' prints it, or remove the element for a new one",
             trimmed(uuid)));
    return;
  }
  definition.uuid = *parsed;
  set_content(uuid, format_uuid(definition.uuid));
}

}  // namespace

std::string reason_against_name(const std::string& name) {
  if (trim(name).empty()) {
    return text("a domain's name can't be empty");
  }
  if (name.size() > kMaxNameBytes) {
    return text("a domain's name can't be longer than {} bytes; this one has {}", kMaxNameBytes, name.size());
  }
  if (name.find('/') != std::string::npos || name.front() == '.') {
    return text(
        "'{}' can't be a domain's name: it becomes part of file names, so it can't hold '/' nor begin with "
        "'.'",
        name);
  }
  if (has_control_character(name)) {
    return text("a domain's name can't hold line breaks or other control characters");
  }
  return {};
}

std::string reason_against_title(const std::string& title) {
  return title.find('\n') != std::string::npos
             ? text("a domain's title is one line; use <description> for more")
             : std::string();
}

void read_domain_type(xmlNode* domain, Problems& problems) {
  if (!is_element(domain, "domain")) {
    problems.add(ErrorCode::kXmlError, domain, text("the outermost element has to be <domain>"));
    // All else would be said of a document that is about something else.
    problems.throw_if_any();
  }
  const std::optional<std::string> type = attribute(domain, "type");
  if (!type) {
    problems.add(ErrorCode::kXmlError, domain, text("its type is missing; write <domain type='kvm'>"));
  } else if (*type != "kvm") {
    problems.add(ErrorCode::kConfigUnsupported, domain,
                 text("virtsev runs guests of type 'kvm' only, not '{}'; write <domain type='kvm'>", *type));
  }
  // A running domain's number, where its XML was copied from one.
  remove_attribute(domain, "id");
}

void read_general(xmlNode* domain, DomainDefinition& definition, Problems& problems) {
  read_name(domain, definition, problems);
  read_uuid(domain, definition, problems);
  if (const xmlNode* title = only_child(domain, "title", problems)) {
    definition.title = content(title);
    if (const std::string reason = reason_against_title(definition.title); !reason.empty()) {
      problems.add(ErrorCode::kXmlError, title, reason);
    }
  }
  if (const xmlNode* description = only_child(domain, "description", problems)) {
    definition.description = content(description);
  }
}

}  // namespace virtsev::domain_xml
