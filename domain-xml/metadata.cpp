// SPDX-License-Identifier: LGPL-2.1-or-later
// What `virsh desc` and `virsh metadata` read and change, and the new name of `virsh domrename`.
#include <new>

#include <libxml/tree.h>

#include "domain-xml/domain_definition.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/document.hpp"
#include "domain-xml/xml/node.hpp"
#include "domain-xml/xml/writer.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

/// virDomainMetadataType of libvirt-domain.h.
enum Kind { kDescription = 0, kTitle = 1, kElement = 2 };

const xmlChar* to_xml(const std::string& value) { return reinterpret_cast<const xmlChar*>(value.c_str()); }

bool is_namespace(const xmlNs* ns, const std::string& uri) {
  return ns != nullptr && ns->href != nullptr && xmlStrcmp(ns->href, to_xml(uri)) == 0;
}

xmlNode* find_element(const xmlNode* metadata, const std::string& uri) {
  for (xmlNode* node : child_elements(metadata)) {
    if (is_namespace(node->ns, uri)) {
      return node;
    }
  }
  return nullptr;
}

/// Sets `ns` on every element of the subtree that has none (null: takes it from those in namespace `uri`).
void change_namespace(xmlNode* node, xmlNs* ns, const std::string& uri) {
  if (ns != nullptr ? node->ns == nullptr : is_namespace(node->ns, uri)) {
    node->ns = ns;
  }
  for (xmlAttr* each = ns == nullptr ? node->properties : nullptr; each != nullptr; each = each->next) {
    if (is_namespace(each->ns, uri)) {
      each->ns = nullptr;
    }
  }
  for (xmlNode* child : child_elements(node)) {
    change_namespace(child, ns, uri);
  }
}

void remove_declaration(xmlNode* node, const std::string& uri) {
  for (xmlNs** link = &node->nsDef; *link != nullptr; link = &(*link)->next) {
    if (xmlStrcmp((*link)->href, to_xml(uri)) == 0) {
      xmlNs* found = *link;
      *link = found->next;
      xmlFreeNs(found);
      return;
    }
  }
}

void set_text_element(xmlNode* domain, const char* name, const std::optional<std::string>& value) {
  xmlNode* element = only_child(domain, name);
  if (!value || value->empty()) {
    if (element != nullptr) {
      remove(element);
    }
    return;
  }
  set_content(element != nullptr ? element : add_element(domain, name), *value);
}

void add_metadata_element(xmlNode* domain, xmlNode* metadata, const std::string& value,
                          const std::string& key, const std::string& uri) {
  if (key.empty() || xmlValidateNCName(to_xml(key), 0) != 0) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("metadata: '{}' can't be the prefix of a namespace; give a --key of letters and digits", key));
  }
  const Document parsed = read_document(value);
  xmlNode* copy = xmlDocCopyNode(xmlDocGetRootElement(parsed.get()), domain->doc, 1);
  if (copy == nullptr) {
    throw std::bad_alloc();
  }
  xmlAddChild(metadata != nullptr ? metadata : add_element(domain, "metadata"), copy);
  xmlNs* ns = xmlNewNs(copy, to_xml(uri), to_xml(key));
  if (ns == nullptr) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("metadata: the element uses the prefix '{}' for another namespace; give another --key", key));
  }
  change_namespace(copy, ns, uri);
  if (!is_namespace(copy->ns, uri)) {
    throw Error(ErrorCode::kInvalidArgument,
                text("metadata: the element <{}> is in another namespace than --uri '{}'; give its own",
                     name_of(copy), uri));
  }
}

void set_element(xmlNode* domain, const std::optional<std::string>& value, const std::string& key,
                 const std::string& uri) {
  if (uri.empty()) {
    throw Error(ErrorCode::kInvalidArgument, text("metadata: an element needs the --uri of its namespace"));
  }
  xmlNode* metadata = only_child(domain, "metadata");
  while (xmlNode* old = metadata != nullptr ? find_element(metadata, uri) : nullptr) {
    remove(old);
  }
  if (value && !value->empty()) {
    add_metadata_element(domain, metadata, *value, key, uri);
  } else if (metadata != nullptr && child_elements(metadata).empty()) {
    remove(metadata);
  }
}

[[noreturn]] void throw_unknown_kind(int kind) {
  throw Error(
      ErrorCode::kInvalidArgument,
      text("metadata of kind {} is not known; there are description (0), title (1) and element (2)", kind));
}

/// A definition that has passed before: what virtsevd.conf allows was decided then.

}  // namespace

DomainDefinition with_metadata(const DomainDefinition& definition, int kind,
                               const std::optional<std::string>& value, const std::string& key,
                               const std::string& uri) {
  const Document document = read_document(definition.document);
  xmlNode* domain = xmlDocGetRootElement(document.get());
  if (kind == kDescription) {
    set_text_element(domain, "description", value);
  } else if (kind == kTitle) {
    set_text_element(domain, "title", value);
  } else if (kind == kElement) {
    set_element(domain, value, key, uri);
  } else {
    throw_unknown_kind(kind);
  }
  return parse_again(domain);
}

std::string metadata_of(const DomainDefinition& definition, int kind, const std::string& uri) {
  if (kind < kDescription || kind > kElement) {
    throw_unknown_kind(kind);
  }
  std::string found = kind == kDescription ? definition.description : kind == kTitle ? definition.title : "";
  if (kind == kElement) {
    const Document document = read_document(definition.document);
    const xmlNode* metadata = only_child(xmlDocGetRootElement(document.get()), "metadata");
    if (xmlNode* element = find_element(metadata, uri)) {
      // As it was given: without the namespace that stands for it within the domain's XML.
      change_namespace(element, nullptr, uri);
      remove_declaration(element, uri);
      found = write_element(element);
      found.pop_back();
    }
  }
  if (found.empty()) {
    throw Error(ErrorCode::kNoDomainMetadata,
                kind == kDescription ? text("the domain has no description")
                : kind == kTitle     ? text("the domain has no title")
                                     : text("the domain has no metadata of the namespace '{}'", uri));
  }
  return found;
}

DomainDefinition with_name(const DomainDefinition& definition, const std::string& name) {
  if (const std::string reason = reason_against_name(name); !reason.empty()) {
    throw Error(ErrorCode::kInvalidArgument, text("new name: {}", reason));
  }
  const Document document = read_document(definition.document);
  xmlNode* domain = xmlDocGetRootElement(document.get());
  set_content(only_child(domain, "name"), name);
  return parse_again(domain);
}

}  // namespace virtsev::domain_xml
