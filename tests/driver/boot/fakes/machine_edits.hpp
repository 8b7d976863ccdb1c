// SPDX-License-Identifier: LGPL-2.1-or-later
// Single values of a machine, as tests change them.
#pragma once

#include <cstdint>

#include "driver/spec/machine.hpp"

namespace virtsev::boot::test {

/// Of a machine that boots directly.
inline spec::Payload& payload(spec::Machine& machine) {
  return std::get<spec::DirectBoot>(machine.boot).payload;
}

/// SEV or SEV-ES, as the policy says; the owner stays.
inline void set_policy(spec::Machine& machine, std::uint32_t policy) {
  machine.protection =
      sevcore::make_protection(sevcore::Policy(policy), sevcore::owner_of(machine.protection),
                               sevcore::interface_of(machine.protection));
}

inline void set_flavour(spec::Machine& machine, sevcore::VmsaFlavour flavour) {
  machine.protection = sevcore::with_flavour(machine.protection, flavour);
}

inline void set_owner(spec::Machine& machine, sevcore::LaunchOwner owner) {
  machine.protection = sevcore::make_protection(sevcore::policy_of(machine.protection).value(),
                                                std::move(owner), sevcore::interface_of(machine.protection));
}

/// The serial port of a machine; made where there is none.
inline spec::Serial& serial(spec::Machine& machine) {
  if (machine.devices.empty()) {
    machine.devices.push_back({"serial0", spec::PortAddress{0x3f8}, spec::Serial()});
  }
  return std::get<spec::Serial>(machine.devices.front().kind);
}

}  // namespace virtsev::boot::test
