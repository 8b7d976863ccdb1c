// SPDX-License-Identifier: LGPL-2.1-or-later
// <interface>: a network card, and what the host has at its other end.
#include <algorithm>
#include <array>
#include <optional>

#include "domain-xml/network_plug.hpp"
#include "domain-xml/parts/device_parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/printable.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/crypto/crypto.hpp"

namespace virtsev::domain_xml {
namespace {

using Kind = InterfaceDefinition::Kind;

// virtio 1.2, 5.1.4.1: a maximum transmission unit is at least 68 bytes (RFC 791), and fits 16 bits.
constexpr std::uint64_t kLeastMtu = 68;
constexpr std::uint64_t kMostMtu = 65535;
constexpr std::uint64_t kMostPort = 65535;

std::optional<ByteArray<6>> parse_mac(const std::string& written) {
  constexpr std::size_t kLength = 17;
  ByteArray<6> mac{};
  if (written.size() != kLength) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < mac.size(); ++i) {
    const auto byte = from_hex(std::string_view(written).substr(3 * i, 2));
    if (!byte || (i > 0 && written[3 * i - 1] != ':')) {
      return std::nullopt;
    }
    mac[i] = byte->front();
  }
  return mac;
}

/// With the prefix that QEMU and libvirt have for KVM's guests.
ByteArray<6> random_mac() {
  ByteArray<6> mac{0x52, 0x54, 0x00, 0, 0, 0};
  sevcore::crypto::fill_random(MutableBytes(mac).subspan(3));
  return mac;
}

void read_mac(xmlNode* interface, InterfaceDefinition& read, Problems& problems) {
  xmlNode* element = only_child(interface, "mac", problems);
  const std::optional<std::string> written = attribute(element, "address");
  if (!written) {
    read.mac = random_mac();
  } else if (const auto mac = parse_mac(*written); mac && ((*mac)[0] & 1U) == 0) {
    read.mac = *mac;
  } else {
    problems.add(ErrorCode::kXmlError, interface,
                 text("'{}' is not the MAC address of one card: write six bytes with colons, the first one "
                      "even, or remove the element",
                      *written));
  }
  element = element != nullptr ? element : add_element(interface, "mac");
  set_attribute(element, "address", format_mac(read.mac));
}

/// A network's name becomes part of lines and messages. libvirt itself refuses '/' in it.
bool is_network_name(const std::string& name) {
  constexpr std::size_t kMost = 200;
  return !name.empty() && name.size() <= kMost && name == printable_line(name) &&
         name.find('/') == std::string::npos;
}

/// What a running guest's document shows of its port is for this run only.
void read_network(xmlNode* interface, xmlNode* source, InterfaceDefinition& read, Problems& problems) {
  read.kind = Kind::kNetwork;
  read.network = attribute(source, "network").value_or("");
  read.port_group = attribute(source, "portgroup").value_or("");
  if (!is_network_name(read.network)) {
    problems.add(ErrorCode::kXmlError, interface,
                 text("its network is missing, or can't be a network's name; write <source "
                      "network='default'/> with a network of libvirt's (virsh net-list --all), or remove "
                      "the element"));
    return;
  }
  for (const char* name : {"portid", "bridge", "macTableManager"}) {
    remove_attribute(source, name);
  }
}

void read_kind(xmlNode* interface, InterfaceDefinition& read, Problems& problems) {
  const std::string type = attribute(interface, "type").value_or("");
  xmlNode* source = only_child(interface, "source", problems);
  if (type == "bridge") {
    read.kind = Kind::kBridge;
    read.bridge = attribute(source, "bridge").value_or("");
    for (const char* name : {"network", "portid"}) {  // As a running guest's is shown, that came by a network
      if (source != nullptr) {
        remove_attribute(source, name);
      }
    }
    if (!is_device_name(read.bridge)) {
      problems.add(ErrorCode::kXmlError, interface,
                   text("its bridge is missing; write <source bridge='br0'/> with a bridge of this host, or "
                        "remove the element"));
    }
  } else if (type == "ethernet") {
    read.kind = Kind::kEthernet;
  } else if (type == "user") {
    read.kind = Kind::kUser;
  } else if (type == "network") {
    read_network(interface, source, read, problems);
  } else {
    problems.add(ErrorCode::kConfigUnsupported, interface,
                 text("type='{}' is not there; write type='network', type='bridge', type='ethernet' or "
                      "type='user', or remove the element",
                      type));
  }
}

void read_target(const xmlNode* interface, InterfaceDefinition& read, Problems& problems) {
  const xmlNode* target = only_child(interface, "target", problems);
  if (target == nullptr || read.kind == Kind::kUser) {
    return;
  }
  read.target = attribute(target, "dev").value_or("");
  read.managed = switched(target, "managed", true);
  // What a running guest's interface was called is not asked for again (libvirt: vnet, vif, macvtap).
  if (read.target.starts_with("vnet") && read.managed) {
    read.target.clear();
  }
  if (!read.target.empty() && !is_device_name(read.target)) {
    problems.add(ErrorCode::kXmlError, interface,
                 text("<target dev='{}'> is not a network device's name, at most 15 characters; shorten it, "
                      "or remove the element",
                      read.target));
  }
  if (!read.managed && read.target.empty()) {
    problems.add(ErrorCode::kXmlError, interface,
                 text("<target managed='no'> needs the name of a tap device that is there (dev=); write it, "
                      "or remove the element"));
  }
}

void read_forward(const xmlNode* forward, InterfaceDefinition& read, Problems& problems) {
  PortForward made;
  made.udp = attribute(forward, "proto") == "udp";
  made.address = attribute(forward, "address").value_or("");
  const bool plain = std::all_of(made.address.begin(), made.address.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '.' || c == ':';
  });
  if (!plain || attribute(forward, "dev")) {
    problems.add(ErrorCode::kConfigUnsupported, forward,
                 text("ports are forwarded from an IP address of the host (address=), or from all; remove "
                      "the element"));
    return;
  }
  for (const xmlNode* range : children_named(forward, "range")) {
    if (switched(range, "exclude", false)) {
      problems.add(ErrorCode::kConfigUnsupported, range,
                   text("exceptions are not there; write the ranges that are forwarded, and remove the "
                        "element"));
      continue;
    }
    const auto port = [&](const char* name, std::uint64_t otherwise) {
      return static_cast<std::uint16_t>(number_in(range, name, 1, kMostPort, otherwise, problems));
    };
    made.start = port("start", 0);
    made.end = port("end", made.start);
    made.guest_start = port("to", made.start);
    if (made.start == 0 || made.end < made.start || made.guest_start > kMostPort - (made.end - made.start)) {
      problems.add(
          ErrorCode::kXmlError, range,
          text("start='{}' and end='{}' are not a range of ports; remove the element", made.start, made.end));
      continue;
    }
    read.forwards.push_back(made);
  }
}

/// <backend> and <portForward>: passt's.
void read_user(const xmlNode* interface, InterfaceDefinition& read, Problems& problems) {
  constexpr std::size_t kMostForwards = 64;
  for (const xmlNode* forward : children_named(interface, "portForward")) {
    if (read.kind != Kind::kUser) {
      problems.add(ErrorCode::kConfigUnsupported, forward,
                   text("ports are forwarded for interfaces of type='user' only; remove the element"));
      continue;
    }
    read_forward(forward, read, problems);
  }
  if (read.forwards.size() > kMostForwards) {
    problems.add(ErrorCode::kConfigUnsupported, interface,
                 text("it forwards {} ranges of ports, and there can be {}; remove the element",
                      read.forwards.size(), kMostForwards));
  }
  const xmlNode* backend = only_child(interface, "backend", problems);
  const std::string type = attribute(backend, "type").value_or("passt");
  if (read.kind == Kind::kUser && type != "passt" && type != "default") {
    problems.add(ErrorCode::kConfigUnsupported, backend,
                 text("type='{}' is not there; write type='passt', or remove the element", type));
  }
}

/// Cards that other monitors emulate, for each of which a virtio card stands.
bool stands_for(const std::string& model) {
  constexpr std::array<std::string_view, 9> kEmulated = {
      "e1000", "e1000e", "e1000-82544gc", "e1000-82545em", "igb", "ne2k_pci", "pcnet", "rtl8139", "vmxnet3"};
  return std::find(kEmulated.begin(), kEmulated.end(), model) != kEmulated.end();
}

void read_model(xmlNode* interface, Problems& problems) {
  xmlNode* model = only_child(interface, "model", problems);
  const std::string type = attribute(model, "type").value_or("virtio");
  if (!type.starts_with("virtio") && !stands_for(type)) {
    problems.add(ErrorCode::kConfigUnsupported, model,
                 text("a network card of model '{}' is not there; write <model type='virtio'/>", type));
  }
  if (model == nullptr) {
    set_attribute(add_element(interface, "model"), "type", "virtio");
  }
}

}  // namespace

InterfaceDefinition read_interface(xmlNode* interface, Problems& problems) {
  allow_only(interface,
             {"mac", "source", "target", "model", "driver", "mtu", "link", "alias", "address", "backend",
              "portForward", "boot", "coalesce", "guest", "ip", "route", "rom", "tune"},
             problems);
  InterfaceDefinition read;
  read_kind(interface, read, problems);
  if (const xmlNode* source = only_child(interface, "source", problems)) {
    allow_only(const_cast<xmlNode*>(source), {}, problems);
  }
  read_mac(interface, read, problems);
  read_target(interface, read, problems);
  read_user(interface, read, problems);
  read_model(interface, problems);
  read.mtu = static_cast<std::uint16_t>(
      number_in(only_child(interface, "mtu", problems), "size", kLeastMtu, kMostMtu, 0, problems));
  read.link_up = attribute(only_child(interface, "link", problems), "state").value_or("up") != "down";
  const std::uint64_t most = read.kind == Kind::kUser ? 1 : machine::kMaxQueuePairs;
  read.queues = static_cast<std::uint16_t>(
      number_in(only_child(interface, "driver", problems), "queues", 1, most, 1, problems));
  read.alias = alias_of(interface, problems);
  return read;
}

}  // namespace virtsev::domain_xml
