// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/parts/pci_addresses.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/device_limits.hpp"

namespace virtsev::domain_xml {
namespace {

/// "0x1f" or "31", as libvirt's schema has them; nothing where it is neither.
std::optional<unsigned> parse_part(std::string value) {
  const bool hex = value.starts_with("0x") || value.starts_with("0X");
  const std::string digits = hex ? value.substr(2) : value;
  unsigned number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number, hex ? 16 : 10);
  return error == std::errc() && stop == end && !digits.empty() ? std::optional(number) : std::nullopt;
}

/// "0x1f"
std::string hex(std::uint8_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return std::string("0x") + kDigits[value / 16] + kDigits[value % 16];
}

void write_address(xmlNode* device, std::uint8_t bus, std::uint8_t slot) {
  const std::vector<xmlNode*> written = children_named(device, "address");
  xmlNode* address = written.empty() ? add_element(device, "address") : written.front();
  for (const char* name : {"type", "domain", "bus", "slot", "function", "controller", "target", "unit",
                           "base", "multifunction", "port", "iobase", "irq", "reg"}) {
    remove_attribute(address, name);
  }
  set_attribute(address, "type", "pci");
  set_attribute(address, "domain", "0x0000");
  set_attribute(address, "bus", hex(bus));
  set_attribute(address, "slot", hex(slot));
  set_attribute(address, "function", "0x0");
}

}  // namespace

AskedAddress address_asked_by(xmlNode* address, Problems& problems) {
  if (attribute(address, "type").value_or("pci") != "pci") {
    return {};
  }
  std::array<unsigned, 4> parts{};
  const std::array<const char*, 4> names = {"domain", "bus", "slot", "function"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::optional<std::string> written = attribute(address, names[i]);
    const std::optional<unsigned> part = parse_part(written.value_or("0"));
    if (!part) {
      problems.add(
          ErrorCode::kXmlError, address,
          text("{}='{}' is not a number; write one, or remove the element", names[i], written.value_or("")));
      return {};
    }
    parts[i] = *part;
  }
  const auto [segment, bus, slot, function] = parts;
  if (segment == 0 && bus != 0 && bus <= machine::kMaxRootPorts && slot == 0 && function == 0) {
    return {0, static_cast<std::uint8_t>(bus)};
  }
  if (segment != 0 || bus != 0 || slot == 0) {
    return {};
  }
  if (slot > machine::kLastPciSlot || function != 0) {
    problems.add(ErrorCode::kConfigUnsupported, address,
                 text("a device has function 0 of a slot from 1 to {} on bus 0; remove the element, and it "
                      "gets a free one",
                      machine::kLastPciSlot));
    return {};
  }
  return {static_cast<std::uint8_t>(slot), 0};
}

void PciAddresses::add(xmlNode* device, const Place& place, Problems& problems) {
  xmlNode* address = only_child(device, "address", problems);
  wanted_.push_back(
      {device, place, address == nullptr ? AskedAddress() : address_asked_by(address, problems)});
}

void PciAddresses::add(xmlNode* controller, RootPortDefinition& port, Problems& problems) {
  xmlNode* address = only_child(controller, "address", problems);
  // Of QEMU's, eight are the functions of one device: such a one gets a slot of its own.
  Problems not_kept;
  const AskedAddress asked = address == nullptr ? AskedAddress() : address_asked_by(address, not_kept);
  ports_.push_back({controller, &port, asked.slot});
}

PciAddresses::Port* PciAddresses::port_of(std::uint8_t number) {
  const auto found = std::find_if(ports_.begin(), ports_.end(),
                                  [&](const Port& port) { return port.definition->number == number; });
  return number == 0 || found == ports_.end() ? nullptr : &*found;
}

void PciAddresses::number_ports(Problems& problems) {
  for (const Port& port : ports_) {
    const Port* const first = port_of(port.definition->number);
    if (first != nullptr && first != &port) {
      problems.add(ErrorCode::kXmlError, port.controller,
                   text("the controller in line {} has this index; remove the attribute, and this one gets a "
                        "free one",
                        xmlGetLineNo(first->controller)));
    }
  }
  std::uint8_t free = 1;
  for (const Port& port : ports_) {
    if (port.definition->number == 0) {
      while (port_of(free) != nullptr) {
        ++free;
      }
      port.definition->number = free;
    }
    set_attribute(port.controller, "index", std::to_string(port.definition->number));
  }
}

void PciAddresses::take_asked(Problems& problems) {
  const auto refuse = [&problems](const Wanted& wanted, const xmlNode* other) {
    problems.add(ErrorCode::kXmlError, only_child(wanted.device, "address", problems),
                 text("the device in line {} has this slot; remove the element, and this one gets a free one",
                      xmlGetLineNo(other)));
  };
  for (const Wanted& wanted : wanted_) {
    Port* const port = wanted.place.port != nullptr ? port_of(wanted.asked.port) : nullptr;
    if (port != nullptr) {
      if (port->device != nullptr) {
        refuse(wanted, port->device);
        continue;
      }
      port->device = wanted.device;
      *wanted.place.port = wanted.asked.port;
    } else if (wanted.asked.slot != 0) {
      if (const xmlNode* other = taken_[wanted.asked.slot]) {
        refuse(wanted, other);
        continue;
      }
      taken_[wanted.asked.slot] = wanted.device;
      wanted.place.slot = wanted.asked.slot;
    }
  }
  for (const Port& port : ports_) {
    if (port.asked != 0 && taken_[port.asked] == nullptr) {
      taken_[port.asked] = port.controller;
      port.definition->slot = port.asked;
    }
  }
}

void PciAddresses::take_free(xmlNode* device, std::uint8_t& slot, Problems& problems) {
  const auto* const free = std::find(taken_.begin() + 1, taken_.end(), nullptr);
  if (free == taken_.end()) {
    problems.add(ErrorCode::kConfigUnsupported, device,
                 text("the machine has {} slots for devices, and all are taken; remove the element",
                      machine::kLastPciSlot));
    return;
  }
  slot = static_cast<std::uint8_t>(free - taken_.begin());
  taken_[slot] = device;
}

void PciAddresses::assign(Problems& problems) {
  number_ports(problems);
  take_asked(problems);
  for (const Wanted& wanted : wanted_) {
    const std::uint8_t port = wanted.place.port != nullptr ? *wanted.place.port : std::uint8_t{0};
    if (wanted.place.slot == 0 && port == 0) {
      take_free(wanted.device, wanted.place.slot, problems);
    }
    write_address(wanted.device, port, wanted.place.slot);
  }
  for (const Port& port : ports_) {
    if (port.definition->slot == 0) {
      take_free(port.controller, port.definition->slot, problems);
    }
    write_address(port.controller, 0, port.definition->slot);
  }
}

}  // namespace virtsev::domain_xml
