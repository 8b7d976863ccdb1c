// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/xml/document.hpp"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include "domain-xml/limits.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

/// What the callbacks of one reading share.
struct Reading {
  startElementNsSAX2Func start_element = nullptr;
  endElementNsSAX2Func end_element = nullptr;
  int depth = 0;
  int nodes = 0;
  std::string error;  ///< The first; empty: none
};

Reading& reading_of(void* context) {
  return *static_cast<Reading*>(static_cast<xmlParserCtxt*>(context)->_private);
}

void stop(void* context, const std::string& reason) {
  Reading& reading = reading_of(context);
  if (reading.error.empty()) {
    reading.error = text("line {}: {}", xmlSAX2GetLineNumber(context), reason);
  }
  xmlStopParser(static_cast<xmlParserCtxt*>(context));
}

void on_dtd(void* context, const xmlChar*, const xmlChar*, const xmlChar*) {
  stop(context, text("a document type (<!DOCTYPE>) is not accepted in domain XML; remove it"));
}

void on_start(void* context, const xmlChar* name, const xmlChar* prefix, const xmlChar* uri,
              int namespace_count, const xmlChar** namespaces, int attribute_count, int defaulted_count,
              const xmlChar** attributes) {
  Reading& reading = reading_of(context);
  reading.nodes += 1 + namespace_count + attribute_count;
  if (++reading.depth > kMaxDepth) {
    return stop(context, text("elements are nested more than {} deep", kMaxDepth));
  }
  if (reading.nodes > kMaxNodes) {
    return stop(context, text("there are more than {} elements and attributes", kMaxNodes));
  }
  reading.start_element(context, name, prefix, uri, namespace_count, namespaces, attribute_count,
                        defaulted_count, attributes);
}

void on_end(void* context, const xmlChar* name, const xmlChar* prefix, const xmlChar* uri) {
  Reading& reading = reading_of(context);
  --reading.depth;
  reading.end_element(context, name, prefix, uri);
}

void on_error(void* context, xmlErrorPtr error) {
  Reading& reading = reading_of(context);
  if (!reading.error.empty() || error->level < XML_ERR_ERROR) {
    return;
  }
  std::string message = error->message != nullptr ? error->message : "";
  message.erase(std::min(message.find('\n'), message.size()));
  reading.error = text("line {}: {}", error->line, message);
}

struct ContextDeleter {
  void operator()(xmlParserCtxt* context) const {
    // A document that was left half read is not ours by then.
    xmlFreeDoc(context->myDoc);
    context->myDoc = nullptr;
    xmlFreeParserCtxt(context);
  }
};

[[noreturn]] void refuse(const std::string& reason) {
  throw Error(ErrorCode::kXmlError, text("the XML can't be read: {}", reason));
}

}  // namespace

Document read_document(const std::string& xml) {
  static std::once_flag initialised;
  std::call_once(initialised, xmlInitParser);
  if (xml.size() > kMaxDocumentBytes) {
    refuse(text("it is {} bytes long, more than the limit of {}", xml.size(), kMaxDocumentBytes));
  }
  if (xmlCheckUTF8(reinterpret_cast<const unsigned char*>(xml.c_str())) == 0) {
    refuse(text("it is not UTF-8 text; convert it, for example with iconv -t UTF-8"));
  }
  if (std::count(xml.begin(), xml.end(), '=') > kMaxEqualsSigns) {
    refuse(text("it has more than {} attributes (equals signs)", kMaxEqualsSigns));
  }
  std::unique_ptr<xmlParserCtxt, ContextDeleter> context(xmlNewParserCtxt());
  if (!context) {
    throw std::bad_alloc();
  }
  Reading reading;
  context->_private = &reading;
  xmlSAXHandler& sax = *context->sax;
  reading.start_element = std::exchange(sax.startElementNs, on_start);
  reading.end_element = std::exchange(sax.endElementNs, on_end);
  sax.internalSubset = on_dtd;
  sax.serror = on_error;
  const int options = XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_BIG_LINES;
  Document document(
      xmlCtxtReadMemory(context.get(), xml.data(), static_cast<int>(xml.size()), nullptr, "UTF-8", options));
  context->myDoc = nullptr;
  if (!reading.error.empty()) {
    refuse(reading.error);
  }
  if (!document || xmlDocGetRootElement(document.get()) == nullptr) {
    refuse(text("it has no element"));
  }
  return document;
}

}  // namespace virtsev::domain_xml
