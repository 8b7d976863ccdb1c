// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/put_session.hpp"

#include <memory>
#include <new>

#include <libxml/xmlsave.h>

#include "domain-xml/xml/document.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

xmlNode* find_launch_security(xmlNode* domain) {
  xmlNode* security = name_of(domain) == "domain" ? only_child(domain, "launchSecurity") : nullptr;
  if (security == nullptr || attribute(security, "type") != "sev") {
    throw Error(
        ErrorCode::kXmlError,
        located(domain, text("it has no <launchSecurity type='sev'>, into which a session could go; add "
                             "it, with its <policy>")));
  }
  return security;
}

xmlNode* find_policy(xmlNode* security, sevcore::Policy policy) {
  xmlNode* element = only_child(security, "policy");
  if (element == nullptr || sevcore::parse_xml_policy(trimmed(element)) != policy) {
    throw Error(
        ErrorCode::kXmlError,
        located(element != nullptr ? element : security,
                text("its policy is not the session's, {}; a session is made for one policy: write the "
                     "same in both",
                     sevcore::describe(policy))));
  }
  return element;
}

/// What stands before `element` on its line, if nothing else does.
const xmlNode* indentation(const xmlNode* element) {
  const xmlNode* before = element->prev;
  return before != nullptr && xmlIsBlankNode(before) != 0 ? before : nullptr;
}

/// Sets `name`'s content; where it is not there, behind `neighbour` and as far from the margin. Returns it.
xmlNode* put(xmlNode* security, xmlNode* neighbour, const char* name, const std::string& value) {
  xmlNode* element = only_child(security, name);
  if (element == nullptr) {
    element = xmlNewDocNode(security->doc, nullptr, reinterpret_cast<const xmlChar*>(name), nullptr);
    if (element == nullptr) {
      throw std::bad_alloc();
    }
    xmlAddNextSibling(neighbour, element);
    if (const xmlNode* blank = indentation(neighbour)) {
      xmlAddPrevSibling(element, xmlNewDocText(security->doc, blank->content));
    }
  }
  set_content(element, value);
  return element;
}

std::string write(xmlDoc* document) {
  const std::unique_ptr<xmlBuffer, decltype(&xmlBufferFree)> buffer(xmlBufferCreate(), xmlBufferFree);
  xmlSaveCtxt* context = xmlSaveToBuffer(buffer.get(), "UTF-8", XML_SAVE_NO_DECL | XML_SAVE_AS_XML);
  if (context == nullptr || xmlSaveDoc(context, document) < 0) {
    throw std::bad_alloc();
  }
  xmlSaveClose(context);
  return reinterpret_cast<const char*>(xmlBufferContent(buffer.get()));
}

}  // namespace

std::string put_session(const std::string& xml, sevcore::Policy policy, const std::string& dh_certificate,
                        const std::string& session) {
  const Document document = read_document(xml);
  xmlNode* security = find_launch_security(xmlDocGetRootElement(document.get()));
  xmlNode* neighbour = find_policy(security, policy);
  neighbour = put(security, neighbour, "dhCert", dh_certificate);
  put(security, neighbour, "session", session);
  return write(document.get());
}

}  // namespace virtsev::domain_xml
