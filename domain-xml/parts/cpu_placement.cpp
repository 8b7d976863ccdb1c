// SPDX-License-Identifier: LGPL-2.1-or-later
// <vcpu cpuset>, <cputune><vcpupin> and <emulatorpin>.
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

/// The attribute `cpuset`, written again as we would; none where it can't be read.
CpuSet read_cpu_set(xmlNode* element, Problems& problems) {
  const std::string written = attribute(element, "cpuset").value_or("");
  const std::optional<CpuSet> cpus = parse_cpu_set(written);
  if (!cpus) {
    problems.add(ErrorCode::kXmlError, element,
                 text("cpuset='{}' names no CPUs of a host; write numbers below {}, as in '0-3,^2,8', or "
                      "remove it",
                      written, kMostHostCpus));
    return {};
  }
  set_attribute(element, "cpuset", format_cpu_set(*cpus));
  return *cpus;
}

}  // namespace

void read_cpu_placement(xmlNode* domain, DomainDefinition& definition, Problems& problems) {
  CpuPlacement& placement = definition.cpu_placement;
  if (xmlNode* vcpu = only_child(domain, "vcpu", problems); attribute(vcpu, "cpuset")) {
    placement.everything = read_cpu_set(vcpu, problems);
  }
  xmlNode* cputune = only_child(domain, "cputune", problems);
  for (xmlNode* pin : children_named(cputune, "vcpupin")) {
    const std::optional<std::uint64_t> number = parse_number(attribute(pin, "vcpu").value_or(""));
    if (!number) {
      problems.add(ErrorCode::kXmlError, pin,
                   text("vcpu='{}' is not the number of a vCPU; write 0 to {}, or remove the element",
                        attribute(pin, "vcpu").value_or(""), definition.vcpus - 1));
      continue;
    }
    CpuSet cpus = read_cpu_set(pin, problems);
    if (*number >= definition.vcpus) {
      continue;  // Named as not used: <vcpu> may become more
    }
    if (!placement.vcpus.emplace(static_cast<std::uint32_t>(*number), std::move(cpus)).second) {
      problems.add(ErrorCode::kXmlError, pin,
                   text("another <vcpupin> says where vCPU {} may run; remove one of them", *number));
    }
  }
  if (xmlNode* emulator = only_child(cputune, "emulatorpin", problems)) {
    placement.emulator = read_cpu_set(emulator, problems);
  }
}

}  // namespace virtsev::domain_xml
