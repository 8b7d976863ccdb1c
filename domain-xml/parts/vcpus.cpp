// SPDX-License-Identifier: LGPL-2.1-or-later
// <vcpu>, <vcpus>, and the topology in <cpu>.
#include <array>

#include "domain-xml/limits.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

/// vCPUs that are there from the start: adding one later would add a VMSA that nobody has measured.
void check_all_are_there(const xmlNode* domain, const xmlNode* vcpu, std::uint32_t count) {
  if (const std::optional<std::string> current = attribute(vcpu, "current");
      current && parse_number(*current) != count) {
    refuse(ErrorCode::kConfigUnsupported, vcpu,
           text("current='{}' asks for vCPUs to be added later, which virtsev can't do; write "
                "<vcpu>{}</vcpu>, or the "
                "number that the guest is to have from the start",
                *current, count));
  }
  for (const xmlNode* each : children_named(only_child(domain, "vcpus"), "vcpu")) {
    if (attribute(each, "enabled") == "no") {
      refuse(ErrorCode::kConfigUnsupported, each,
             text("a vCPU can't be added later; remove it and lower the number in <vcpu>"));
    }
  }
}

void check_topology(const xmlNode* domain, std::uint32_t count) {
  const xmlNode* topology = only_child(only_child(domain, "cpu"), "topology");
  if (topology == nullptr) {
    return;
  }
  std::uint64_t product = 1;
  for (const char* level : std::array{"sockets", "dies", "clusters", "cores", "threads"}) {
    const std::optional<std::string> written = attribute(topology, level);
    const std::optional<std::uint64_t> number = parse_number(written.value_or("1"));
    if (!number || *number == 0 || *number > kMaxVcpus) {
      refuse(ErrorCode::kXmlError, topology,
             text("{}='{}' has to be a number from 1 to {}", level, *written, kMaxVcpus));
    }
    product *= *number;
  }
  if (product != count) {
    refuse(ErrorCode::kConfigUnsupported, topology,
           text("its sockets, dies, cores and threads make {} vCPUs, but <vcpu> says {}; change one of them",
                product, count));
  }
}

}  // namespace

void read_vcpus(xmlNode* domain, DomainDefinition& definition) {
  xmlNode* vcpu = only_child(domain, "vcpu");
  if (vcpu == nullptr) {
    vcpu = add_element(domain, "vcpu");
    set_content(vcpu, "1");
  }
  const std::string digits = trimmed(vcpu);
  const std::optional<std::uint64_t> number = parse_number(digits.empty() ? "1" : digits);
  if (!number || *number == 0) {
    refuse(ErrorCode::kXmlError, vcpu, text("'{}' is no number of vCPUs; write 1 to {}", digits, kMaxVcpus));
  }
  if (*number > kMaxVcpus) {
    refuse(ErrorCode::kConfigUnsupported, vcpu,
           text("{} vCPUs are more than a guest can have; write 1 to {}", *number, kMaxVcpus));
  }
  definition.vcpus = static_cast<std::uint32_t>(*number);
  check_all_are_there(domain, vcpu, definition.vcpus);
  check_topology(domain, definition.vcpus);
  set_content(vcpu, std::to_string(*number));
  remove_attribute(vcpu, "current");
  if (!attribute(vcpu, "placement")) {
    set_attribute(vcpu, "placement", "static");
  }
}

}  // namespace virtsev::domain_xml
