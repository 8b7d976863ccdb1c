// SPDX-License-Identifier: LGPL-2.1-or-later
// <vcpu>, <vcpus>, and the topology in <cpu>.
#include <array>

#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/machine_version.hpp"

namespace virtsev::domain_xml {
namespace {

/// vCPUs that are there from the start: adding one later would add a VMSA that nobody has measured.
void check_all_are_there(const xmlNode* domain, const xmlNode* vcpu, std::uint32_t count,
                         Problems& problems) {
  if (const std::optional<std::string> current = attribute(vcpu, "current");
      current && parse_number(*current) != count) {
    problems.add(ErrorCode::kConfigUnsupported, vcpu,
                 text("current='{}' asks for vCPUs to be added later, which virtsev can't do; remove the "
                      "attribute, and the guest has all of them from the start",
                      *current));
  }
  for (const xmlNode* each : children_named(only_child(domain, "vcpus", problems), "vcpu")) {
    if (attribute(each, "enabled") == "no") {
      problems.add(ErrorCode::kConfigUnsupported, each,
                   text("a vCPU can't be added later; write enabled='yes', or remove the element"));
    }
  }
}

/// How many vCPUs <cpu><topology> makes.
struct Topology {
  const xmlNode* element = nullptr;  ///< Null: there is none
  std::uint64_t product = 1;
  /// Sockets and so on, where a number of theirs can't be; empty: all are good.
  std::string problem;
};

Topology read_topology(const xmlNode* domain, Problems& problems) {
  Topology topology;
  topology.element = only_child(only_child(domain, "cpu", problems), "topology", problems);
  for (const char* level : std::array{"sockets", "dies", "clusters", "cores", "threads"}) {
    const std::optional<std::string> written = attribute(topology.element, level);
    const std::optional<std::uint64_t> number = parse_number(written.value_or("1"));
    if (!number || *number == 0 || *number > machine::kLimits.vcpus) {
      topology.problem =
          text("{}='{}' has to be a number from 1 to {}", level, *written, machine::kLimits.vcpus);
      return topology;
    }
    topology.product *= *number;
  }
  return topology;
}

/// The number in <vcpu>, or in its place the one that what is advised would make.
std::uint32_t read_count(const xmlNode* vcpu, const Topology& topology, Problems& problems) {
  const std::string digits = trimmed(vcpu);
  const std::optional<std::uint64_t> number = parse_number(digits.empty() ? "1" : digits);
  if (number && *number >= 1 && *number <= machine::kLimits.vcpus) {
    return static_cast<std::uint32_t>(*number);
  }
  const bool by_topology =
      topology.element != nullptr && topology.problem.empty() && topology.product <= machine::kLimits.vcpus;
  const std::string cure =
      by_topology ? text("write <vcpu>{}</vcpu>, which is what its <topology> makes", topology.product)
                  : text("write 1 to {}", machine::kLimits.vcpus);
  if (number && *number > machine::kLimits.vcpus) {
    problems.add(ErrorCode::kConfigUnsupported, vcpu,
                 text("{} vCPUs are more than a guest can have; {}", *number, cure));
  } else {
    problems.add(ErrorCode::kXmlError, vcpu, text("'{}' is not a number of vCPUs; {}", digits, cure));
  }
  return by_topology ? static_cast<std::uint32_t>(topology.product) : 1;
}

void check_topology(const Topology& topology, std::uint32_t count, Problems& problems) {
  if (topology.element == nullptr) {
    return;
  }
  if (!topology.problem.empty()) {
    problems.add(ErrorCode::kXmlError, topology.element, text("{}; remove the element", topology.problem));
  } else if (topology.product != count) {
    problems.add(ErrorCode::kConfigUnsupported, topology.element,
                 text("its sockets, dies, cores and threads make {} vCPUs, but <vcpu> says {}; remove the "
                      "element, or change one of them",
                      topology.product, count));
  }
}

}  // namespace

void read_vcpus(xmlNode* domain, DomainDefinition& definition, Problems& problems) {
  xmlNode* vcpu = only_child(domain, "vcpu", problems);
  if (vcpu == nullptr) {
    vcpu = add_element(domain, "vcpu");
    set_content(vcpu, "1");
  }
  const Topology topology = read_topology(domain, problems);
  definition.vcpus = read_count(vcpu, topology, problems);
  check_all_are_there(domain, vcpu, definition.vcpus, problems);
  check_topology(topology, definition.vcpus, problems);
  set_content(vcpu, std::to_string(definition.vcpus));
  remove_attribute(vcpu, "current");
  if (!attribute(vcpu, "placement")) {
    set_attribute(vcpu, "placement", "static");
  }
}

}  // namespace virtsev::domain_xml
