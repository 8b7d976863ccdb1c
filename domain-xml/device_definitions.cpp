// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/device_definitions.hpp"

#include "sevcore/base/hex.hpp"

namespace virtsev::domain_xml {
namespace {

std::string own_or_given(const std::string& own, const char* kind, std::size_t number) {
  return own.empty() ? kind + std::to_string(number) : own;
}

}  // namespace

std::string alias_in_use(const SerialPort& serial, std::size_t number) {
  return own_or_given(serial.alias, "serial", number);
}

std::string alias_in_use(const DiskDefinition& disk, std::size_t number) {
  return own_or_given(disk.alias, "virtio-disk", number);
}

std::string alias_in_use(const InterfaceDefinition& interface, std::size_t number) {
  return own_or_given(interface.alias, "net", number);
}

std::string alias_in_use(const EntropyDefinition& entropy, std::size_t number) {
  return own_or_given(entropy.alias, "rng", number);
}

std::string alias_in_use(const PanicDefinition& panic) { return own_or_given(panic.alias, "panic", 0); }

std::string alias_in_use(const PortControllerDefinition& controller) {
  return own_or_given(controller.alias, "virtio-serial", 0);
}

std::string alias_in_use(const PortDefinition& port) {
  return own_or_given(port.alias, port.console ? "console" : "channel", port.place);
}

std::string format_mac(const ByteArray<6>& mac) {
  std::string out;
  for (const std::uint8_t& byte : mac) {
    out += (out.empty() ? "" : ":") + to_hex({&byte, 1});
  }
  return out;
}

}  // namespace virtsev::domain_xml
