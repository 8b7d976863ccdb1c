// SPDX-License-Identifier: LGPL-2.1-or-later
// The fake monitor's end of its connection, and the slots of the guest that it does not have.
#pragma once

#include <set>
#include <string>

#include <poll.h>

#include "driver/control/channel.hpp"
#include "driver/control/codec.hpp"

namespace virtsev::control::test {

/// Its orders stand in the domain's <cmdline> (fake_monitor.cpp).
class FakePeer {
 protected:
  bool told(const char* what) const {
    return (" " + orders_ + " ").find(std::string(" ") + what + " ") != std::string::npos;
  }

  void send(const OutgoingFrame& frame) {
    FrameWriter writer;
    if (!peer_ || !writer.push({frame.bytes, frame.descriptors}) || !send_all(writer)) {
      peer_.reset();
    }
  }
  bool send_all(FrameWriter& writer) {
    for (;;) {
      const auto sent = writer.flush(peer_.get());
      if (!sent || *sent) {
        return sent.has_value();
      }
      pollfd room{peer_.get(), POLLOUT, 0};
      ::poll(&room, 1, -1);
    }
  }
  void answer(const Reply& reply) { send(encode(reply, serial_)); }

  /// What is in slots from the start.
  void remember_slots(const spec::Machine& machine) {
    for (const spec::DeviceDescription& device : machine.devices) {
      const auto* address = std::get_if<spec::PciAddress>(&device.address);
      if (address != nullptr && address->port != 0) {
        plugged_.insert(device.id);
      }
    }
  }

  void take(const AttachDevice& attach) {
    if (told("plug=refuse")) {
      answer(Failure{ErrorCode::kOperationFailed, "the disk's image can't be used"});
      return;
    }
    plugged_.insert(attach.device.id);
    answer(Done{});
  }

  void take(const DetachDevice& detach) {
    if (told("unplug=refuse") || !plugged_.contains(detach.id)) {
      answer(Failure{ErrorCode::kInvalidArgument, "no such device"});
      return;
    }
    answer(Done{});
    if (!told("unplug=keep")) {
      plugged_.erase(detach.id);
      send(encode(Event(DeviceRemoved{detach.id})));
      send(encode(Event(DeviceRemoved{detach.id})));  // It is said again, and of what stays
      if (!plugged_.contains("net0")) {
        send(encode(Event(DeviceRemoved{"net0"})));
      }
    }
  }

  UniqueFd peer_;
  std::uint32_t serial_ = 0;
  std::string orders_;
  std::set<std::string> plugged_;
};

}  // namespace virtsev::control::test
