// SPDX-License-Identifier: LGPL-2.1-or-later
// Ports of libvirt's networks: what a guest's interfaces of type='network' are plugged into. libvirt's
// network daemon gives them, and has them back when the guest ends. Threads: the event loop's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include "domain-xml/domain_definition.hpp"
#include "driver/daemon/loop/latch.hpp"

namespace virtsev::daemon {

/// By the places (place_of()) of the interfaces, which no other device of the running guest has.
using NetworkPorts = std::map<std::uint8_t, domain_xml::NetworkPlug>;

/// One for each interface of the definition that is on a network, made by the daemon whose socket is in
/// `directory`. All or none: where one can't be had, the others go back. Nothing where `give_up` fires first;
/// what is made after that goes back, too. Throws Error, which names the interface and the network: no daemon
/// that knows networks, no such network, one that is not active, or one that asks for what virtsev does not
/// do.
asio::awaitable<std::optional<NetworkPorts>> take_network_ports(
    asio::any_io_executor executor, std::string directory,
    std::shared_ptr<const domain_xml::DomainDefinition> definition, Latch& give_up);

/// Gives them back, in the background: a daemon that is not there is asked again for a minute. What can't be
/// given back is logged.
void give_back_network_ports(const asio::any_io_executor& executor, const std::string& directory,
                             NetworkPorts ports);

}  // namespace virtsev::daemon
