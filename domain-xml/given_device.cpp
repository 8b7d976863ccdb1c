// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/given_device.hpp"

#include <algorithm>
#include <new>
#include <optional>

#include "domain-xml/elements/elements.hpp"
#include "domain-xml/parts/device_parts.hpp"
#include "domain-xml/parts/pci_addresses.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

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
      asked_ = address_asked_by(address, problems);
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
    return (mac_.empty() || format_mac(interface.mac) == mac_) && is_there(interface);
  }
  [[nodiscard]] bool is(const EntropyDefinition& entropy) const { return is_there(entropy); }
  template <typename Definition>
  [[nodiscard]] bool is_there(const Definition& device) const {
    return asked_ == AskedAddress() || asked_ == AskedAddress{device.slot, device.port};
  }
  [[noreturn]] void fail(const xmlNode* element, const std::string& reason) const {
    const std::string& name = target_.empty() ? mac_ : target_;
    throw Error(ErrorCode::kOperationFailed,
                text("<{}>{}: {}", name_of(element), name.empty() ? "" : " " + name, reason));
  }

  std::string target_;
  std::string mac_;
  AskedAddress asked_;
};

}  // namespace

xmlNode* copy_into(xmlNode* parent, xmlNode* element) {
  xmlNode* copy = xmlDocCopyNode(element, parent->doc, 1);
  if (copy == nullptr) {
    throw std::bad_alloc();
  }
  return xmlAddChild(parent, copy);
}

Tree::Tree(const std::string& xml)
    : document(read_document(xml)),
      domain(xmlDocGetRootElement(document.get())),
      devices(only_child(domain, "devices")) {}

GivenDevice::GivenDevice(const std::string& xml) : tree("<domain><devices/></domain>") {
  const Document written = read_document(xml);
  element = copy_into(tree.devices, xmlDocGetRootElement(written.get()));
  if (!is_element(element, "disk") && !is_element(element, "interface") && !is_element(element, "rng")) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("<{}>: a <disk>, an <interface> or an <rng> is attached, changed and detached by "
                     "itself; change all else of a domain with `virsh edit`",
                     name_of(element)));
  }
  Problems problems;
  check_values(tree.domain, problems);
  problems.throw_if_any();
  remove_given_alias(element);
}

void GivenDevice::require_new(const DomainDefinition& definition) const {
  if (!is_element(element, "disk")) {
    return;
  }
  const std::string target = attribute(only_child(element, "target"), "dev").value_or("");
  if (std::any_of(definition.disks.begin(), definition.disks.end(),
                  [&](const DiskDefinition& each) { return each.target == target; })) {
    throw Error(ErrorCode::kOperationInvalid,
                text("Requested operation is not valid: target {} already exists", target));
  }
}

std::size_t GivenDevice::number_in(const DomainDefinition& definition) const {
  const Wanted wanted(element);
  if (is_element(element, "disk")) {
    return wanted.find_in(definition.disks, element);
  }
  if (is_element(element, "interface")) {
    return wanted.find_in(definition.interfaces, element);
  }
  return wanted.find_in(definition.entropy, element);
}

xmlNode* GivenDevice::element_in(const Tree& in, const DomainDefinition& definition) const {
  return children_named(in.devices, name_of(element)).at(number_in(definition));
}

}  // namespace virtsev::domain_xml
