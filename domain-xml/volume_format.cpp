// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/volume_format.hpp"

#include "domain-xml/xml/document.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {

std::string format_of_volume(const std::string& xml) {
  const Document document = read_document(xml);
  const xmlNode* root = xmlDocGetRootElement(document.get());
  if (!is_element(root, "volume")) {
    throw Error(ErrorCode::kXmlError,
                text("libvirt's storage daemon describes a volume by something else than "
                     "a <volume>"));
  }
  const xmlNode* target = only_child(root, "target");
  const xmlNode* format = target != nullptr ? only_child(target, "format") : nullptr;
  return attribute(format, "type").value_or("raw");
}

}  // namespace virtsev::domain_xml
