// SPDX-License-Identifier: LGPL-2.1-or-later
// <panic>: the device by which a guest's kernel says that it panicked.
#include "domain-xml/parts/device_parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {

PanicDefinition read_panic(xmlNode* panic, Problems& problems) {
  allow_only(panic, {"address", "alias"}, problems);
  // libvirt's models: isa (its default on x86), pvpanic (on PCI, since 9.1), hyperv, pseries, s390. For the
  // first, the second stands: to the guest's programs they are one device.
  const std::string model = attribute(panic, "model").value_or("pvpanic");
  if (model != "pvpanic" && model != "isa") {
    problems.add(ErrorCode::kConfigUnsupported, panic,
                 text("model='{}' is not there; write model='pvpanic', which is the same device on PCI, or "
                      "remove the element",
                      model));
  }
  set_attribute(panic, "model", model);
  PanicDefinition read;
  read.alias = alias_of(panic, problems);
  return read;
}

}  // namespace virtsev::domain_xml
