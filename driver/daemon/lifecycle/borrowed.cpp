// SPDX-License-Identifier: LGPL-2.1-or-later
// What a guest has of libvirt's own daemons: volumes of its pools, ports of its networks.
#include <algorithm>

#include <asio/io_context.hpp>

#include "driver/daemon/libvirt/network_ports.hpp"
#include "driver/daemon/libvirt/volumes.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"

namespace virtsev::daemon {
namespace {

using domain_xml::DiskDefinition;
using domain_xml::DomainDefinition;
using domain_xml::InterfaceDefinition;

template <typename Devices, typename Predicate>
bool has(const Devices& devices, Predicate is) {
  return std::any_of(devices.begin(), devices.end(), is);
}

}  // namespace

asio::awaitable<DefinitionPtr> Lifecycle::with_volumes(RunPtr run) {
  run->volume_paths.clear();
  const DefinitionPtr definition = run->definition;
  if (!has(definition->disks, [](const DiskDefinition& disk) { return disk.is_volume(); })) {
    co_return definition;
  }
  const std::optional<Volumes> volumes = co_await look_up_volumes(
      context_.io.get_executor(), context_.layout.socket_directory, definition, run->abort);
  if (!volumes) {
    co_return definition;
  }
  const auto found = std::make_shared<DomainDefinition>(*definition);
  for (DiskDefinition& disk : found->disks) {
    if (disk.is_volume()) {
      const Volume& volume = volumes->at(place_of(disk));
      disk.path = volume.path;
      disk.block_device = volume.block_device;
      run->volume_paths[place_of(disk)] = volume.path;
    }
  }
  co_return found;
}

asio::awaitable<std::string> Lifecycle::image_path(DomainPtr domain, DiskDefinition disk) {
  if (!disk.is_volume()) {
    co_return disk.path;
  }
  if (domain->run) {
    const auto known = domain->run->volume_paths.find(place_of(disk));
    if (known != domain->run->volume_paths.end()) {
      co_return known->second;
    }
  }
  const auto alone = std::make_shared<DomainDefinition>();
  alone->disks.push_back(disk);
  Latch never(context_.io.get_executor());
  const std::optional<Volumes> volumes =
      co_await look_up_volumes(context_.io.get_executor(), context_.layout.socket_directory, alone, never);
  co_return volumes->at(place_of(disk)).path;
}

// A guest that is launched again still has its ports.
asio::awaitable<DefinitionPtr> Lifecycle::with_network_ports(RunPtr run) {
  const DefinitionPtr definition = run->definition;
  const auto on_network = [](const InterfaceDefinition& interface) {
    return interface.kind == InterfaceDefinition::Kind::kNetwork;
  };
  if (!has(definition->interfaces, on_network)) {
    co_return definition;
  }
  if (run->network_ports.empty()) {
    std::optional<NetworkPorts> ports = co_await take_network_ports(
        context_.io.get_executor(), context_.layout.socket_directory, definition, run->abort);
    if (!ports) {
      co_return definition;
    }
    run->network_ports = std::move(*ports);
  }
  const auto plugged = std::make_shared<DomainDefinition>(*definition);
  for (InterfaceDefinition& interface : plugged->interfaces) {
    if (on_network(interface)) {
      interface.kind = InterfaceDefinition::Kind::kBridge;
      interface.bridge = run->network_ports.at(place_of(interface)).bridge;
    }
  }
  co_return plugged;
}

}  // namespace virtsev::daemon
