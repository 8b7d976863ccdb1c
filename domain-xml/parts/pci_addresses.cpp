// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/parts/pci_addresses.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/machine_version.hpp"

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

void write_address(xmlNode* device, std::uint8_t slot) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::vector<xmlNode*> written = children_named(device, "address");
  xmlNode* address = written.empty() ? add_element(device, "address") : written.front();
  for (const char* name : {"type", "domain", "bus", "slot", "function", "controller", "target", "unit",
                           "base", "multifunction", "port", "iobase", "irq", "reg"}) {
    remove_attribute(address, name);
  }
  set_attribute(address, "type", "pci");
  set_attribute(address, "domain", "0x0000");
  set_attribute(address, "bus", "0x00");
  set_attribute(address, "slot", std::string("0x") + kDigits[slot / 16] + kDigits[slot % 16]);
  set_attribute(address, "function", "0x0");
}

}  // namespace

std::uint8_t slot_asked_by(xmlNode* address, Problems& problems) {
  if (attribute(address, "type").value_or("pci") != "pci") {
    return 0;
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
      return 0;
    }
    parts[i] = *part;
  }
  if (parts[0] != 0 || parts[1] != 0 || parts[2] == 0) {
    return 0;
  }
  if (parts[2] > machine::kLastPciSlot || parts[3] != 0) {
    problems.add(ErrorCode::kConfigUnsupported, address,
                 text("a device has function 0 of a slot from 1 to {} on bus 0; remove the element, and it "
                      "gets a free one",
                      machine::kLastPciSlot));
    return 0;
  }
  return static_cast<std::uint8_t>(parts[2]);
}

void PciAddresses::add(xmlNode* device, std::uint8_t& slot, Problems& problems) {
  xmlNode* address = only_child(device, "address", problems);
  wanted_.push_back({device, &slot, address == nullptr ? std::uint8_t{0} : slot_asked_by(address, problems)});
}

void PciAddresses::assign(Problems& problems) {
  std::array<const xmlNode*, machine::kLastPciSlot + 1> taken{};
  for (const Wanted& wanted : wanted_) {
    if (wanted.asked == 0) {
      continue;
    }
    if (const xmlNode* other = taken[wanted.asked]) {
      problems.add(ErrorCode::kXmlError, only_child(wanted.device, "address", problems),
                   text("the device in line {} has this slot; remove the element, and this one gets a free "
                        "one",
                        xmlGetLineNo(other)));
      continue;
    }
    taken[wanted.asked] = wanted.device;
    *wanted.slot = wanted.asked;
  }
  unsigned free = 1;
  for (const Wanted& wanted : wanted_) {
    if (*wanted.slot == 0) {
      while (free <= machine::kLastPciSlot && taken[free] != nullptr) {
        ++free;
      }
      if (free > machine::kLastPciSlot) {
        problems.add(ErrorCode::kConfigUnsupported, wanted.device,
                     text("the machine has {} slots for devices, and all are taken; remove the element",
                          machine::kLastPciSlot));
        continue;
      }
      taken[free] = wanted.device;
      *wanted.slot = static_cast<std::uint8_t>(free);
    }
    write_address(wanted.device, *wanted.slot);
  }
}

}  // namespace virtsev::domain_xml
