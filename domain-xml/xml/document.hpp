// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads XML into a tree, within bounds: no network, no DTD, no entities of its own, limited in size, depth
// and count.
#pragma once

#include <memory>
#include <string>

#include <libxml/tree.h>

namespace virtsev::domain_xml {

/// Elements within elements; a domain of libvirt's needs about ten.
inline constexpr int kMaxDepth = 64;
/// Elements and attributes together: a large domain has a few hundred.
inline constexpr int kMaxNodes = 20'000;
/// Equals signs, and so attributes and namespaces, even those of a single tag: libxml2 compares each with
/// every other before anybody can count them.
inline constexpr int kMaxEqualsSigns = 10'000;

struct DocumentDeleter {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
using Document = std::unique_ptr<xmlDoc, DocumentDeleter>;

/// The tree of `xml` (UTF-8, whatever it declares), which has a root element. Throws Error(kXmlError) with
/// the line where it is no XML, has a DTD or is over a limit.
Document read_document(const std::string& xml);

}  // namespace virtsev::domain_xml
