// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/device_changes.hpp"

#include <algorithm>
#include <array>

#include "domain-xml/given_device.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

/// What a document may leave out without asking for another value.
void take_over(xmlNode* interface, const xmlNode* from, const char* name) {
  if (children_named(interface, name).empty()) {
    for (xmlNode* each : children_named(from, name)) {
      copy_into(interface, each);
    }
  }
}

/// A running guest's document shows the name that its tap device got.
void forget_tap(xmlNode* interface, const InterfaceDefinition& definition, const std::string& tap) {
  xmlNode* target = only_child(interface, "target");
  if (target == nullptr || tap.empty() || attribute(target, "dev") != tap) {
    return;
  }
  if (definition.target.empty()) {
    remove_attribute(target, "dev");
  } else {
    set_attribute(target, "dev", definition.target);
  }
}

/// A running guest's document shows one that came by a network to a bridge of the host as one on that bridge.
void name_network(xmlNode* interface, const InterfaceDefinition& definition) {
  xmlNode* source = only_child(interface, "source");
  if (definition.kind == InterfaceDefinition::Kind::kNetwork && source != nullptr &&
      attribute(source, "network") == definition.network) {
    set_attribute(interface, "type", "network");
    if (!definition.port_group.empty()) {
      set_attribute(source, "portgroup", definition.port_group);
    }
  }
}

/// What of it is not as it was, beside the link's state; empty: nothing.
std::string difference(const DomainDefinition& before, const DomainDefinition& after, std::size_t number) {
  const InterfaceDefinition& was = before.interfaces.at(number);
  const InterfaceDefinition& is = after.interfaces.at(number);
  struct Part {
    const char* name;
    bool same;
  };
  const std::array parts{
      Part{"type", was.kind == is.kind},
      Part{"<source bridge>", was.bridge == is.bridge},
      Part{"<source network>", was.network == is.network && was.port_group == is.port_group},
      Part{"<mac>", was.mac == is.mac},
      Part{"<target>", was.target == is.target && was.managed == is.managed},
      Part{"<mtu>", was.mtu == is.mtu},
      Part{"<driver queues>", was.queues == is.queues},
      Part{"<portForward>", was.forwards == is.forwards},
      Part{"<alias>", was.alias == is.alias},
      Part{"<address>", was.slot == is.slot && was.port == is.port}};
  const auto* changed = std::find_if(parts.begin(), parts.end(), [](const Part& part) { return !part.same; });
  if (changed != parts.end()) {
    return changed->name;
  }
  // What is taken and not done has no field.
  for (const auto& [some, others] :
       {std::pair(&after.not_used, &before.not_used), std::pair(&before.not_used, &after.not_used)}) {
    for (const std::string& each : *some) {
      if (std::find(others->begin(), others->end(), each) == others->end()) {
        return each;
      }
    }
  }
  return {};
}

}  // namespace

DomainDefinition with_device(const DomainDefinition& definition, const std::string& device) {
  const GivenDevice given(device);
  given.require_new(definition);
  const Tree tree(definition.document);
  copy_into(tree.devices, given.element);
  return parse_again(tree.domain);
}

DomainDefinition without_device(const DomainDefinition& definition, const std::string& device) {
  const GivenDevice given(device);
  const Tree tree(definition.document);
  remove(given.element_in(tree, definition));
  return parse_again(tree.domain);
}

LinkChange with_link_state(const DomainDefinition& definition, const std::string& device,
                           const std::vector<std::string>& taps) {
  const GivenDevice given(device);
  if (!is_element(given.element, "interface")) {
    throw Error(
        ErrorCode::kOperationUnsupported,
        text("<{}>: of a device that stays in its place, only the link state of an <interface> can be "
             "changed; detach it, and attach it as it is to be",
             name_of(given.element)));
  }
  LinkChange change;
  change.number = given.number_in(definition);
  const InterfaceDefinition& before = definition.interfaces[change.number];
  // As it would be if all of the element counted.
  const Tree asked(definition.document);
  xmlNode* old = children_named(asked.devices, "interface").at(change.number);
  for (const char* name : {"mac", "address", "alias"}) {
    take_over(given.element, old, name);
  }
  forget_tap(given.element, before, change.number < taps.size() ? taps[change.number] : "");
  name_network(given.element, before);
  xmlNode* replacement = copy_into(asked.devices, given.element);
  xmlReplaceNode(old, replacement);
  xmlFreeNode(old);
  const DomainDefinition as_asked = parse_again(asked.domain);
  if (const std::string other = difference(definition, as_asked, change.number); !other.empty()) {
    throw Error(ErrorCode::kOperationUnsupported,
                text("<interface> {}: of an interface that stays in its place, only the link state can be "
                     "changed, and {} is another than the domain's; detach it, and attach it as it is to be",
                     format_mac(before.mac), other));
  }
  const Tree tree(definition.document);
  xmlNode* interface = children_named(tree.devices, "interface").at(change.number);
  xmlNode* link = only_child(interface, "link");
  set_attribute(link != nullptr ? link : add_element(interface, "link"), "state",
                as_asked.interfaces[change.number].link_up ? "up" : "down");
  change.definition = parse_again(tree.domain);
  return change;
}

}  // namespace virtsev::domain_xml
