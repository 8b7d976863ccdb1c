// SPDX-License-Identifier: LGPL-2.1-or-later
// The ports of a virtio console device: how bytes move. How ports are told of: ports_control.cpp.
#include "driver/vmm/devices/ports_device.hpp"

#include <algorithm>
#include <utility>

#include "driver/vmm/devices/ports_layout.hpp"
#include "driver/vmm/memory/pieces.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

PortsDevice::PortsDevice(const std::vector<PortOptions>& ports, EventLoop& loop)
    : loop_(loop), more_(loop, [this] { go_on(); }) {
  for (const PortOptions& port : ports) {
    ports_.emplace_back(port);
    most_ports_ = std::max(most_ports_, port.number + 1);
  }
}

// What it is.

std::uint64_t PortsDevice::features() const { return ports::kMultiport; }

std::vector<std::uint16_t> PortsDevice::queue_sizes() const {
  return std::vector<std::uint16_t>(2 * (most_ports_ + std::size_t{1}), kQueueSize);
}

std::uint32_t PortsDevice::configuration_size() const { return ports::kConfigurationBytes; }

void PortsDevice::read_configuration(std::uint32_t offset, MutableBytes data) {
  ByteArray<ports::kConfigurationBytes> configuration{};
  put_le<std::uint32_t>(configuration, ports::kMostPortsAt, most_ports_);
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = configuration.at(offset + i);
  }
}

std::vector<std::pair<std::string, bool>> PortsDevice::open_ports() const {
  std::vector<std::pair<std::string, bool>> all;
  for (const Port& port : ports_) {
    all.emplace_back(port.options.id, port.open.load());
  }
  return all;
}

PortsDevice::Port* PortsDevice::port_of(std::uint32_t number) {
  const auto found = std::find_if(ports_.begin(), ports_.end(),
                                  [number](const Port& port) { return port.options.number == number; });
  return found == ports_.end() ? nullptr : &*found;
}

Queue* PortsDevice::queue(std::uint16_t number) const {
  return number < queues_.size() ? queues_[number] : nullptr;
}

// Its life.

void PortsDevice::start(std::uint64_t features, std::vector<Queue*> queues, const SharedMemory& memory,
                        VirtioTransport& transport) {
  multiport_ = (features & ports::kMultiport) != 0;
  queues_ = std::move(queues);
  memory_ = &memory;
  transport_ = &transport;
  running_ = true;
  for (Port& port : ports_) {
    const std::uint16_t number = ports::receive_queue(port.options.number);
    const bool used = multiport_ || port.options.number == 0;  // 5.3.5
    port.receive = used ? queue(number) : nullptr;
    port.transmit = used ? queue(number + 1) : nullptr;
    port.news = 0;
    port.ready = !multiport_;
    port.open = !multiport_ && used;
    port.changed = false;
    port.host.open(loop_, {[this, &port] { feed(port); }, [this, &port] { drain(port); },
                           [this, &port] {
                             // Not here: it may be a read or write of ours that finds a client gone.
                             port.changed = true;
                             more_.signal();
                           }});
  }
}

void PortsDevice::stop(std::function<void()> stopped) {
  running_ = false;
  for (Port& port : ports_) {
    port.host.close();
    port.open = false;
    port.sending.reset();
    port.has_more = false;
    port.receive = nullptr;
    port.transmit = nullptr;
  }
  queues_.clear();
  stopped();
}

void PortsDevice::fail(const std::string& what) {
  running_ = false;
  for (Port& port : ports_) {
    port.host.want_input(false);
    port.host.want_room(false);
  }
  transport_->fail(what);
}

void PortsDevice::kicked(std::uint16_t queue) {
  if (multiport_ && queue == ports::kControlReceive) {
    tell_news();
  } else if (multiport_ && queue == ports::kControlTransmit) {
    take_commands();
  } else {
    for (Port& port : ports_) {
      const std::uint16_t first = ports::receive_queue(port.options.number);
      if (queue == first) {
        feed(port);
      } else if (queue == first + 1) {
        drain(port);
      }
    }
  }
}

void PortsDevice::go_on() {
  for (Port& port : ports_) {
    const bool changed = std::exchange(port.changed, false);
    if (changed && running_) {
      port.news |= port.ready && multiport_ ? kOpen : 0;
      feed(port);
    }
    if (std::exchange(port.has_more, false) || changed) {
      drain(port);
    }
  }
  tell_news();
}

// From the host.

void PortsDevice::feed(Port& port) {
  if (!running_ || port.receive == nullptr) {
    return;
  }
  Fed fed = port.open && port.host.is_connected() ? Fed::kOne : Fed::kNoBuffer;
  bool filled = false;
  // At most as many as a queue holds: the loop comes again, when others had their turn.
  for (unsigned i = 0; fed == Fed::kOne && i < kQueueSize; ++i) {
    fed = feed_once(port);
    filled = filled || fed == Fed::kOne;
  }
  if (fed == Fed::kFailed) {
    return;
  }
  if (filled) {
    port.receive->notify();
  }
  port.host.want_input(fed != Fed::kNoBuffer);
}

PortsDevice::Fed PortsDevice::feed_once(Port& port) {
  const auto chain = port.receive->take();
  if (!chain) {
    fail(chain.error().what);
    return Fed::kFailed;
  }
  if (!*chain) {
    return Fed::kNoBuffer;  // The driver kicks when there is one
  }
  // 5.3.6.1: the driver fills a receive queue with buffers for writing.
  if (!(*chain)->readable.empty() || (*chain)->writable_bytes == 0) {
    fail(text("a buffer that is not only for writing, in the receive queue of port {} (virtio 1.2, 5.3.6.1)",
              port.options.number));
    return Fed::kFailed;
  }
  const auto pieces = memory_->iovecs((*chain)->writable);
  if (!pieces) {
    fail(text("a receive buffer lies where the guest shares no memory, or in more than {} pieces",
              SharedMemory::kMostPieces));
    return Fed::kFailed;
  }
  const std::size_t got = port.host.read(*pieces);
  if (got == 0) {
    port.receive->put_back();
    return Fed::kNoInput;
  }
  port.receive->give_back((*chain)->head, static_cast<std::uint32_t>(got));
  return Fed::kOne;
}

// To the host.

void PortsDevice::drain(Port& port) {
  if (!running_ || port.transmit == nullptr) {
    return;
  }
  bool waits = false;
  bool given = false;
  unsigned left = kQueueSize;
  while (running_ && !waits && left > 0) {
    if (!port.sending) {
      auto chain = port.transmit->take();
      if (!chain) {
        fail(chain.error().what);
        return;
      }
      if (!*chain) {
        break;
      }
      --left;
      port.sending = std::move(**chain);
      port.sent = 0;
    }
    waits = !send_on(port);
    given = given || !waits;
  }
  if (!running_) {
    return;
  }
  if (given) {
    port.transmit->notify();
  }
  port.host.want_room(waits);
  if (left == 0 && !waits) {
    port.has_more = true;
    more_.signal();
  }
}

bool PortsDevice::send_on(Port& port) {
  const Chain& chain = *port.sending;
  if (!chain.writable.empty()) {
    fail(text("a buffer for writing, in the transmit queue of port {} (virtio 1.2, 5.3.6.1)",
              port.options.number));
    return false;
  }
  auto pieces = memory_->iovecs(chain.readable);
  if (!pieces) {
    fail(text("a transmit buffer lies where the guest shares no memory, or in more than {} pieces",
              SharedMemory::kMostPieces));
    return false;
  }
  drop_first(*pieces, port.sent);
  port.sent += port.host.write(*pieces);
  if (port.sent < chain.readable_bytes && port.host.is_connected() && !port.options.console) {
    return false;
  }
  port.transmit->give_back(chain.head, 0);
  port.sending.reset();
  return true;
}

}  // namespace virtsev::vmm
