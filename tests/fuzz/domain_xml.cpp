// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as domain XML: an Error, or a definition that is the same after writing and reading, running or
// not.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "domain-xml/domain_definition.hpp"
#include "sevcore/base/error.hpp"

namespace {

using virtsev::Error;
using namespace virtsev::domain_xml;

void require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

void try_metadata(const DomainDefinition& definition, const std::string& xml) {
  try {
    const DomainDefinition changed = with_metadata(definition, 2, xml, "key", "urn:fuzz");
    require(!metadata_of(changed, 2, "urn:fuzz").empty());
    require(parse(changed.document, {.allow_unprotected = true}) == changed);
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string xml(reinterpret_cast<const char*>(data), size);
  const ParseOptions options{.allow_unprotected = true};
  static const DomainDefinition plain = parse(
      "<domain "
      "type='kvm'><name>n</name><memory>131072</memory><os><type>hvm</type><kernel>/k</kernel></os></domain>",
      options);
  identity_of(xml);
  require(salvage(xml, {"n", {}}).name == "n");
  try_metadata(plain, xml);
  try {
    const DomainDefinition definition = parse(xml, options);
    require(parse(format(definition), options) == definition);
    const LiveState live{1, "/dev/pts/1", 51, 5};
    require(parse(format(definition, &live), options).name == definition.name);
  } catch (const Error&) {
    return 0;
  }
  return 0;
}
