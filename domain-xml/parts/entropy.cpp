// SPDX-License-Identifier: LGPL-2.1-or-later
// <rng>: random numbers of the host's.
#include "domain-xml/parts/device_parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {

EntropyDefinition read_entropy(xmlNode* rng, Problems& problems) {
  allow_only(rng, {"backend", "rate", "driver", "alias", "address"}, problems);
  const std::string model = attribute(rng, "model").value_or("virtio");
  if (!model.starts_with("virtio")) {
    problems.add(ErrorCode::kConfigUnsupported, rng,
                 text("model='{}' is not there; write model='virtio', or remove the element", model));
  }
  xmlNode* backend = only_child(rng, "backend", problems);
  if (backend == nullptr) {
    backend = add_element(rng, "backend");
    set_attribute(backend, "model", "builtin");
  }
  const std::string kind = attribute(backend, "model").value_or("random");
  const std::string source = trimmed(backend);
  const bool the_hosts =
      kind == "builtin" ||
      (kind == "random" && (source.empty() || source == "/dev/urandom" || source == "/dev/random"));
  if (!the_hosts || !child_elements(backend).empty()) {
    problems.add(ErrorCode::kConfigUnsupported, rng,
                 text("the guest's random numbers come from the host's kernel; write <backend "
                      "model='random'>/dev/urandom</backend>, or remove the element"));
  }
  EntropyDefinition read;
  read.alias = alias_of(rng, problems);
  return read;
}

}  // namespace virtsev::domain_xml
