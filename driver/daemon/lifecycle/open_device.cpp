// SPDX-License-Identifier: LGPL-2.1-or-later
// What a device that comes to a running guest has of the host: its image, its volume, its tap device, its
// network.
#include <exception>
#include <utility>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "driver/daemon/libvirt/volumes.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "driver/daemon/lifecycle/opened_device.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

/// Files of users may lie on a server that takes its time, or is gone.
constexpr std::chrono::seconds kOpenLimit{30};

/// The definition with this device alone.
DefinitionPtr alone(const domain_xml::LiveAttachment& attachment) {
  domain_xml::DomainDefinition definition = attachment.definition;
  const domain_xml::LiveDevice& device = attachment.device;
  const bool is_disk = device.kind == domain_xml::LiveDevice::Kind::kDisk;
  const std::vector disks = std::exchange(definition.disks, {});
  const std::vector interfaces = std::exchange(definition.interfaces, {});
  if (is_disk) {
    definition.disks = {disks.at(device.number)};
  } else {
    definition.interfaces = {interfaces.at(device.number)};
  }
  return std::make_shared<const domain_xml::DomainDefinition>(std::move(definition));
}

}  // namespace

void Lifecycle::give_back(NetworkPorts ports) {
  give_back_network_ports(context_.io.get_executor(), context_.layout.socket_directory, std::move(ports));
}

// Throws Error(kOperationTimeout) where what it lies on does not answer.
asio::awaitable<void> Lifecycle::open_disk(std::shared_ptr<const domain_xml::LiveAttachment> plan,
                                           std::shared_ptr<OpenedDevice> opened,
                                           std::shared_ptr<Latch> given_up) {
  asio::steady_timer limit(context_.io, kOpenLimit);
  limit.async_wait([given_up](const std::error_code& error) {
    if (!error) {
      given_up->fire();
    }
  });
  domain_xml::DiskDefinition& disk = opened->found_disk;
  bool found = true;
  if (disk.is_volume()) {
    const DefinitionPtr definition = alone(*plan);
    const std::optional<Volumes> volumes = co_await look_up_volumes(
        context_.io.get_executor(), context_.layout.socket_directory, definition, *given_up);
    found = volumes.has_value();
    if (found) {
      const Volume& volume = volumes->at(place_of(disk));
      opened->volume_path = disk.path = volume.path;
      disk.block_device = volume.block_device;
    }
  }
  std::function<void()> open = [opened, number = plan->device.number] {
    opened->disk = spec::open_disk(opened->found_disk, number);
  };
  if (!found || !co_await context_.user_files.run(std::move(open), *given_up)) {
    throw Error(ErrorCode::kOperationTimeout,
                text("the image '{}' has not answered for {} s: the server that it lies on may be gone",
                     disk.path, kOpenLimit.count()));
  }
}

asio::awaitable<void> Lifecycle::open_interface(std::shared_ptr<const domain_xml::LiveAttachment> plan,
                                                std::shared_ptr<OpenedDevice> opened,
                                                std::shared_ptr<Latch> given_up) {
  domain_xml::InterfaceDefinition& interface = opened->found_interface;
  if (interface.kind == domain_xml::InterfaceDefinition::Kind::kNetwork) {
    const DefinitionPtr definition = alone(*plan);
    std::optional<NetworkPorts> ports = co_await take_network_ports(
        context_.io.get_executor(), context_.layout.socket_directory, definition, *given_up);
    if (!ports) {
      refuse_ended();
    }
    opened->network_ports = std::move(*ports);
    interface.kind = domain_xml::InterfaceDefinition::Kind::kBridge;
    interface.bridge = opened->network_ports.at(place_of(interface)).bridge;
  }
  std::function<void()> open = [opened, passt = context_.configuration.passt] {
    opened->link = open_host_link(opened->found_interface, passt);
  };
  std::exception_ptr failure;
  try {
    co_await context_.pool.run(std::move(open));
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  if (failure) {
    give_back(std::exchange(opened->network_ports, {}));
    std::rethrow_exception(failure);
  }
}

}  // namespace virtsev::daemon
