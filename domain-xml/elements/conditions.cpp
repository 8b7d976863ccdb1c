// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/elements/conditions.hpp"

#include "domain-xml/parts/device_parts.hpp"
#include "domain-xml/xml/node.hpp"

namespace virtsev::domain_xml {

bool is_less_than_memory(const xmlNode* element) {
  // Both in KiB: the tree is normalised.
  const std::vector<xmlNode*> memory = children_named(element->parent, "memory");
  return memory.empty() || parse_number(content(element)) < parse_number(content(memory.front()));
}

bool is_not_zero(const xmlNode* element) { return parse_number(content(element)) != 0U; }

bool is_of_no_vcpu(const xmlNode* element) {
  const xmlNode* vcpus = only_child(element->parent->parent, "vcpu");
  return parse_number(attribute(element, "vcpu").value_or("")) >= parse_number(trimmed(vcpus));
}

bool is_not_one_row_of_cores(const xmlNode* element) {
  for (const char* level : {"sockets", "dies", "clusters", "threads"}) {
    if (parse_number(attribute(element, level).value_or("1")) != 1U) {
      return true;
    }
  }
  return false;
}

bool is_not_a_timer_of_the_machine(const xmlNode* element) {
  const std::string name = attribute(element, "name").value_or("");
  const bool there = name == "rtc" || name == "tsc" || name == "kvmclock";
  const bool plain = !attribute(element, "tickpolicy") && !attribute(element, "track") &&
                     !attribute(element, "frequency") && !attribute(element, "mode") &&
                     child_elements(element).empty();
  const bool present = attribute(element, "present").value_or("yes") == "yes";
  return there ? !present || !plain : present;
}

bool is_not_virtsevs_monitor(const xmlNode* element) {
  const std::string path = trimmed(element);
  return path.substr(path.find_last_of('/') + 1) != "virtsev-vmm";
}

bool is_enabled(const xmlNode* element) { return attribute(element, "enabled").value_or("yes") == "yes"; }

bool has_a_model(const xmlNode* element) { return attribute(element, "model") != "none"; }

bool has_a_type(const xmlNode* element) { return attribute(element, "type") != "none"; }

bool is_a_screen(const xmlNode* element) {
  const std::vector<xmlNode*> models = children_named(element, "model");
  return models.size() != 1 || attribute(models[0], "type") != "none";
}

bool is_not_virtio(const xmlNode* element) {
  return !attribute(element, "type").value_or("virtio").starts_with("virtio");
}

bool is_unused_controller(const xmlNode* element) {
  return has_a_model(element) && attribute(element, "type") != "virtio-serial" && !is_root_port(element);
}

bool is_the_serial_ports(const xmlNode* element) { return !is_port(element->parent); }

}  // namespace virtsev::domain_xml
