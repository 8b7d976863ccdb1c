// SPDX-License-Identifier: LGPL-2.1-or-later
// A definition's devices, changed one by one, as `virsh attach-device`, `detach-device` and `update-device`
// ask for it: each gives one element of <devices>.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "domain-xml/domain_definition.hpp"

namespace virtsev::domain_xml {

/// With a device more: a <disk>, an <interface> or an <rng>. Throws Error, as parse() does where it breaks a
/// rule, and for another element.
DomainDefinition with_device(const DomainDefinition& definition, const std::string& device);

/// Without a device: a disk is meant by its target's name, an interface by its MAC address, an <rng> by its
/// slot; each where the element says that, else it has to be the only one. Throws Error(kOperationFailed)
/// where there is none, or more than one.
DomainDefinition without_device(const DomainDefinition& definition, const std::string& device);

/// An interface whose cable is in or out.
struct LinkChange {
  DomainDefinition definition;
  std::size_t number = 0;  ///< Among the definition's interfaces
  [[nodiscard]] const InterfaceDefinition& interface() const { return definition.interfaces.at(number); }
};
/// `device`: the whole <interface>, found as above, with the new state of its link (<link state=...>; up,
/// where it says nothing). `taps`: of a running guest, the names of its interfaces' tap devices, which its
/// document shows. Throws Error(kOperationUnsupported) where it differs from the definition in anything else,
/// which it names, or is another device.
LinkChange with_link_state(const DomainDefinition& definition, const std::string& device,
                           const std::vector<std::string>& taps = {});

}  // namespace virtsev::domain_xml
