// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/device_changes.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <optional>

#include "domain-xml/elements/elements.hpp"
#include "domain-xml/parts/device_parts.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/parts/pci_addresses.hpp"
#include "domain-xml/xml/document.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

xmlNode* copy_into(xmlNode* parent, xmlNode* element) {
  xmlNode* copy = xmlDocCopyNode(element, parent->doc, 1);
  if (copy == nullptr) {
    throw std::bad_alloc();
  }
  return xmlAddChild(parent, copy);
}

/// A document, with its <devices>.
struct Tree {
  explicit Tree(const std::string& xml)
      : document(read_document(xml)),
        domain(xmlDocGetRootElement(document.get())),
        devices(only_child(domain, "devices")) {}

  Document document;
  xmlNode* domain;
  xmlNode* devices;
};

/// The element that a call gives, in a document of its own, so that the rules for values find it in its
/// place.
struct Given {
  explicit Given(const std::string& xml) : tree("<domain><devices/></domain>") {
    const Document written = read_document(xml);
    element = copy_into(tree.devices, xmlDocGetRootElement(written.get()));
    if (!is_element(element, "disk") && !is_element(element, "interface") && !is_element(element, "rng")) {
      throw Error(
          ErrorCode::kConfigUnsupported,
          text("<{}>: a <disk>, an <interface> or an <rng> is attached, changed and detached by itself; "
               "change all else of a domain with `virsh edit`",
               name_of(element)));
    }
    Problems problems;
    check_values(tree.domain, problems);
    problems.throw_if_any();
  }

  Tree tree;
  xmlNode* element = nullptr;
};

/// What an element says of which device it is.
class Wanted {
 public:
  explicit Wanted(const xmlNode* element) {
    Problems problems;
    if (is_element(element, "disk")) {
      target_ = attribute(only_child(element, "target"), "dev").value_or("");
    } else if (is_element(element, "interface")) {
      mac_ = attribute(only_child(element, "mac"), "address").value_or("");
      std::transform(mac_.begin(), mac_.end(), mac_.begin(),
                     [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
    }
    xmlNode* address = only_child(element, "address");
    if (address != nullptr && !is_element(element, "disk")) {
      slot_ = slot_asked_by(address, problems);
    }
    problems.throw_if_any();
  }

  /// Which of them it is. Throws Error where it is none, or can be several.
  template <typename Definition>
  std::size_t find_in(const std::vector<Definition>& all, const xmlNode* element) const {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!is(all[i])) {
        continue;
      }
      if (found) {
        fail(element, text("it can be more than one of the domain's; say which it is"));
      }
      found = i;
    }
    if (!found) {
      fail(element, text("the domain has none such; `virsh dumpxml` shows its devices"));
    }
    return *found;
  }

 private:
  [[nodiscard]] bool is(const DiskDefinition& disk) const {
    return target_.empty() || disk.target == target_;
  }
  [[nodiscard]] bool is(const InterfaceDefinition& interface) const {
    return (mac_.empty() || format_mac(interface.mac) == mac_) && (slot_ == 0 || interface.slot == slot_);
  }
  [[nodiscard]] bool is(const EntropyDefinition& entropy) const {
    return slot_ == 0 || entropy.slot == slot_;
  }
  [[noreturn]] void fail(const xmlNode* element, const std::string& reason) const {
    const std::string& name = target_.empty() ? mac_ : target_;
    throw Error(ErrorCode::kOperationFailed,
                text("<{}>{}: {}", name_of(element), name.empty() ? "" : " " + name, reason));
  }

  std::string target_;
  std::string mac_;
  std::uint8_t slot_ = 0;
};

xmlNode* element_of(const Tree& tree, const DomainDefinition& definition, const xmlNode* given) {
  const Wanted wanted(given);
  std::size_t number = 0;
  if (is_element(given, "disk")) {
    number = wanted.find_in(definition.disks, given);
  } else if (is_element(given, "interface")) {
    number = wanted.find_in(definition.interfaces, given);
  } else {
    number = wanted.find_in(definition.entropy, given);
  }
  return children_named(tree.devices, name_of(given)).at(number);
}

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
      Part{"<address>", was.slot == is.slot}};
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

void require_new_target(const DomainDefinition& definition, const xmlNode* disk) {
  const std::string target = attribute(only_child(disk, "target"), "dev").value_or("");
  if (std::any_of(definition.disks.begin(), definition.disks.end(),
                  [&](const DiskDefinition& each) { return each.target == target; })) {
    throw Error(ErrorCode::kOperationInvalid,
                text("Requested operation is not valid: target {} already exists", target));
  }
}

}  // namespace

DomainDefinition with_device(const DomainDefinition& definition, const std::string& device) {
  const Given given(device);
  if (is_element(given.element, "disk")) {
    require_new_target(definition, given.element);
  }
  const Tree tree(definition.document);
  copy_into(tree.devices, given.element);
  return parse_again(tree.domain);
}

DomainDefinition without_device(const DomainDefinition& definition, const std::string& device) {
  const Given given(device);
  const Tree tree(definition.document);
  remove(element_of(tree, definition, given.element));
  return parse_again(tree.domain);
}

LinkChange with_link_state(const DomainDefinition& definition, const std::string& device,
                           const std::vector<std::string>& taps) {
  const Given given(device);
  if (!is_element(given.element, "interface")) {
    throw Error(
        ErrorCode::kOperationUnsupported,
        text("<{}>: of a device that stays in its place, only the link state of an <interface> can be "
             "changed; detach it, and attach it as it is to be",
             name_of(given.element)));
  }
  LinkChange change;
  change.number = Wanted(given.element).find_in(definition.interfaces, given.element);
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
