// SPDX-License-Identifier: LGPL-2.1-or-later
// One guest: how it runs. How it is made: guest_setup.cpp; how it is debugged: guest_debug.cpp.
#include "driver/vmm/guest/guest.hpp"

#include "driver/vmm/guest/device_options.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

Guest::~Guest() {
  // vCPUs run no more when what launched them goes.
  machine_->stop();
}

void Guest::inject_secret(const control::InjectSecret& secret) {
  if (launch_->commands() == nullptr) {
    throw Error(ErrorCode::kOperationInvalid,
                text("the domain is not protected by SEV: it takes no launch secret"));
  }
  if (has_run_) {
    throw Error(
        ErrorCode::kOperationInvalid,
        text("the domain has run already; a launch secret can be set only between `virsh start --paused` and "
             "the first `virsh resume`"));
  }
  std::uint64_t address = report_.secret_address;
  if (secret.address) {
    address = *secret.address;
  } else if (secret.secret.size() > report_.secret_size) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("the secret has {} bytes, but the guest's secret area has room for {}; shorten it, or name an "
             "address (sev-secret-set-address)",
             secret.secret.size(), report_.secret_size));
  }
  launch_->commands()->inject_secret(secret.header, secret.secret, GuestAddress(address));
}

namespace {

control::DiskFigures::Kind to_control(const DiskStatistics::Kind& kind) {
  return {kind.requests, kind.bytes, kind.nanoseconds};
}

control::InterfaceFigures::Direction to_control(const InterfaceStatistics::Direction& way) {
  return {way.bytes, way.packets, way.errors, way.drops};
}

}  // namespace

void Guest::add_figures(control::Status& status) const {
  const DeviceFigures figures = machine_->device_figures();
  for (const auto& [id, disk] : figures.disks) {
    status.disks.push_back(
        {id, to_control(disk.read), to_control(disk.write), to_control(disk.flush), disk.errors});
  }
  for (const auto& [id, interface] : figures.interfaces) {
    status.interfaces.push_back({id, to_control(interface.received), to_control(interface.sent)});
  }
  for (const auto& [id, open] : figures.ports) {
    status.ports.push_back({id, open});
  }
  status.plugged = machine_->plugged();
}

void Guest::set_link(const std::string& id, bool up) {
  if (!machine_->set_link(id, up)) {
    throw Error(ErrorCode::kInvalidArgument, text("the guest has no network interface '{}'", id));
  }
}

void Guest::attach(const spec::DeviceDescription& device) {
  const auto* address = std::get_if<spec::PciAddress>(&device.address);
  if (address == nullptr || address->port == 0) {
    throw Error(ErrorCode::kInvalidArgument, text("a device comes to a running guest behind a root port"));
  }
  if (!std::holds_alternative<spec::Disk>(device.kind) &&
      !std::holds_alternative<spec::Interface>(device.kind) &&
      !std::holds_alternative<spec::Entropy>(device.kind)) {
    throw Error(ErrorCode::kInvalidArgument, text("a device of this kind does not come to a running guest"));
  }
  machine_->board().attach(device_options(device));
}

void Guest::resume() {
  if (machine_->is_running()) {
    return;
  }
  if (!has_run_) {
    launch_->finish();
  } else {
    machine_->note_pause();
  }
  has_run_ = true;
  machine_->start();
}

}  // namespace virtsev::vmm
