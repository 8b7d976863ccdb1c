// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/xml/schema.hpp"

#include <memory>
#include <new>

#include <libxml/relaxng.h>
#include <libxml/xmlerror.h>
#include <unistd.h>

#include "domain-xml/xml/node.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

/// RELAX NG reports the failure of every choice it tried; more than a few help nobody.
constexpr int kMaxReported = 4;

struct Report {
  std::string lines;
  int count = 0;
  long first_line = 0;
};

void on_error(void* context, xmlErrorPtr error) {
  Report& report = *static_cast<Report*>(context);
  if (error->message == nullptr || ++report.count > kMaxReported) {
    return;
  }
  if (report.count == 1) {
    report.first_line = error->line;
  }
  std::string message = error->message;
  while (!message.empty() && message.back() == '\n') {
    message.pop_back();
  }
  report.lines += (report.lines.empty() ? "" : "; ") +
                  (error->line > 0 ? text("line {}: {}", error->line, message) : message);
}

template <typename T, void (*Free)(T*)>
struct Freed {
  void operator()(T* value) const { Free(value); }
};
using ParserContext =
    std::unique_ptr<xmlRelaxNGParserCtxt, Freed<xmlRelaxNGParserCtxt, xmlRelaxNGFreeParserCtxt>>;
using Schema = std::unique_ptr<xmlRelaxNG, Freed<xmlRelaxNG, xmlRelaxNGFree>>;
using ValidContext =
    std::unique_ptr<xmlRelaxNGValidCtxt, Freed<xmlRelaxNGValidCtxt, xmlRelaxNGFreeValidCtxt>>;

}  // namespace

void check_schema(xmlDoc* document, Problems& problems, const std::string& schema_path) {
  if (access(schema_path.c_str(), R_OK) != 0) {
    throw Error(
        ErrorCode::kConfigUnsupported,
        text("validation was asked for, but libvirt's schema {} is not on this host; install libvirt's "
             "client library "
             "(Debian: libvirt0, Fedora: libvirt-libs and libvirt-client), or define without --validate",
             schema_path));
  }
  Report report;
  const ParserContext parser(xmlRelaxNGNewParserCtxt(schema_path.c_str()));
  if (!parser) {
    throw std::bad_alloc();
  }
  xmlRelaxNGSetParserStructuredErrors(parser.get(), on_error, &report);
  const Schema schema(xmlRelaxNGParse(parser.get()));
  if (!schema) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("libvirt's schema {} can't be read: {}", schema_path, report.lines));
  }
  report = {};
  const ValidContext validator(xmlRelaxNGNewValidCtxt(schema.get()));
  if (!validator) {
    throw std::bad_alloc();
  }
  xmlRelaxNGSetValidStructuredErrors(validator.get(), on_error, &report);
  // What is virtsev's own, libvirt's schema does not know.
  const std::unique_ptr<xmlDoc, Freed<xmlDoc, xmlFreeDoc>> copy(xmlCopyDoc(document, 1));
  if (!copy) {
    throw std::bad_alloc();
  }
  for (xmlNode* own : own_elements(xmlDocGetRootElement(copy.get()))) {
    remove(own);
  }
  if (xmlRelaxNGValidateDoc(validator.get(), copy.get()) != 0) {
    problems.add_at(report.first_line, ErrorCode::kXmlInvalidSchema,
                    text("the XML is not what libvirt's schema {} allows: {}", schema_path, report.lines));
  }
}

}  // namespace virtsev::domain_xml
