// SPDX-License-Identifier: LGPL-2.1-or-later
// One element of <devices>, as a call gives it, and a document that it is to change. Internal to domain-xml.
#pragma once

#include <cstddef>
#include <string>

#include "domain-xml/domain_definition.hpp"
#include "domain-xml/xml/document.hpp"

namespace virtsev::domain_xml {

xmlNode* copy_into(xmlNode* parent, xmlNode* element);

/// A document, with its <devices>.
struct Tree {
  explicit Tree(const std::string& xml);

  Document document;
  xmlNode* domain;
  xmlNode* devices;
};

/// In a document of its own, so that the rules for values find it in its place; without a name that libvirt
/// gave it when a domain started.
struct GivenDevice {
  /// Throws Error for what is no <disk>, <interface> or <rng>, and for values that no schema knows.
  explicit GivenDevice(const std::string& xml);

  /// Throws Error(kOperationInvalid) for a disk whose target the definition has already.
  void require_new(const DomainDefinition& definition) const;
  /// Which of the definition's devices of its kind it means. Throws Error(kOperationFailed) where it is none,
  /// or can be several.
  [[nodiscard]] std::size_t number_in(const DomainDefinition& definition) const;
  /// The element of that one, in the definition's document.
  [[nodiscard]] xmlNode* element_in(const Tree& tree, const DomainDefinition& definition) const;

  Tree tree;
  xmlNode* element = nullptr;
};

}  // namespace virtsev::domain_xml
