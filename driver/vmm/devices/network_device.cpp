// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/network_device.hpp"

#include <algorithm>
#include <utility>

#include "driver/vmm/devices/network_layout.hpp"
#include "driver/vmm/memory/pieces.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

NetworkDevice::NetworkDevice(const Options& options, std::vector<std::unique_ptr<NetworkPort>> ports,
                             EventLoop& loop, DeviceLog& log)
    : options_(options),
      log_(log),
      loop_(loop),
      link_wanted_(options.link_up),
      broken_(ports.size()),
      more_(loop, [this] { serve_those_with_more(); }) {
  features_ = net::kMac | net::kStatus | net::kMrgRxbuf | (options.mtu != 0 ? std::uint64_t{net::kMtu} : 0);
  if (std::all_of(ports.begin(), ports.end(), [](const auto& port) { return port->has_offloads(); })) {
    features_ |=
        net::kCsum | net::kHostTso4 | net::kHostTso6 | net::kGuestCsum | net::kGuestTso4 | net::kGuestTso6;
  }
  if (ports.size() > 1) {
    features_ |= net::kCtrlVq | net::kMq;
  }
  for (std::unique_ptr<NetworkPort>& port : ports) {
    pairs_.push_back({std::move(port)});
  }
}

// What it is.

std::vector<std::uint16_t> NetworkDevice::queue_sizes() const {
  const std::size_t control = pairs_.size() > 1 ? 1 : 0;
  return std::vector<std::uint16_t>(2 * pairs_.size() + control, kQueueSize);
}

std::uint32_t NetworkDevice::configuration_size() const { return net::kConfigurationBytes; }

void NetworkDevice::read_configuration(std::uint32_t offset, MutableBytes data) {
  ByteArray<net::kConfigurationBytes> configuration{};
  std::copy(options_.mac.begin(), options_.mac.end(), configuration.begin() + net::kMacAt);
  configuration[net::kStatusAt] = link_wanted_ && has_port_ ? net::kLinkUp : 0;
  put_le<std::uint16_t>(configuration, net::kMaxPairsAt, static_cast<std::uint16_t>(pairs_.size()));
  put_le<std::uint16_t>(configuration, net::kMtuAt, options_.mtu);
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = configuration.at(offset + i);
  }
}

InterfaceStatistics NetworkDevice::statistics() const { return {received_.get(), sent_.get()}; }

void NetworkDevice::set_link(bool up) {
  if (link_wanted_.exchange(up) != up) {
    tell_configuration();
  }
}

void NetworkDevice::tell_configuration() {
  const std::lock_guard lock(told_mutex_);
  if (told_ != nullptr) {
    told_->configuration_changed();
  }
}

// Its life.

void NetworkDevice::start(std::uint64_t features, std::vector<Queue*> queues, const SharedMemory& memory,
                          VirtioTransport& transport) {
  taken_features_ = features;
  memory_ = &memory;
  transport_ = &transport;
  // 5.1.2: without MQ there is one pair, and the control queue comes behind it, whatever max_virtqueue_pairs.
  const bool several = (features & net::kMq) != 0;
  control_number_ = static_cast<std::uint16_t>(several ? 2 * pairs_.size() : 2);
  const bool has_control = (features & net::kCtrlVq) != 0 && control_number_ < queues.size();
  control_ = has_control ? queues[control_number_] : nullptr;
  const NetworkPort::Offloads offloads{(features & net::kGuestCsum) != 0, (features & net::kGuestTso4) != 0,
                                       (features & net::kGuestTso6) != 0};
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const bool used = i == 0 || several;
    pairs_[i].receive = used && 2 * i < queues.size() ? queues[2 * i] : nullptr;
    pairs_[i].transmit = used && 2 * i + 1 < queues.size() ? queues[2 * i + 1] : nullptr;
    pairs_[i].port->set_offloads(offloads);
  }
  running_ = true;
  activate(1);
  const std::lock_guard lock(told_mutex_);
  told_ = &transport;
}

void NetworkDevice::stop(std::function<void()> stopped) {
  running_ = false;
  activate(0);
  {
    const std::lock_guard lock(told_mutex_);
    told_ = nullptr;
  }
  stopped();
}

void NetworkDevice::fail(const std::string& what) {
  running_ = false;
  transport_->fail(what);
}

/// The first `count` pairs are used from now on, and no others. The host's queue of the first one stays
/// attached: what comes while there is no driver waits there, or is dropped by the kernel.
void NetworkDevice::activate(std::size_t count) {
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    Pair& pair = pairs_[i];
    const bool active = i < count && !broken_[i];
    if (!active) {
      pair.port->close();
      pair.frame.reset();
      pair.taken.clear();
      pair.taken_bytes = 0;
      pair.has_more = pair.port_has_more = false;
    }
    if (!broken_[i]) {
      pair.port->attach(i < std::max<std::size_t>(count, 1));
    }
    if (active && !pair.active) {
      pair.port->open(loop_, {[this, &pair] { receive(pair); }, [this, &pair] { transmit(pair); },
                              [this, &pair](const std::string& why) { on_broken(pair, why); }});
    }
    pair.active = active;
  }
}

void NetworkDevice::on_broken(Pair& pair, const std::string& why) {
  const auto number = static_cast<std::size_t>(&pair - pairs_.data());
  pair.port->close();
  pair.active = false;
  pair.frame.reset();
  broken_[number] = true;
  log_.say(text("the link is down: {}", why));
  if (std::all_of(broken_.begin(), broken_.end(), [](bool broken) { return broken; })) {
    has_port_ = false;
    tell_configuration();
  }
  if (pair.transmit != nullptr) {
    transmit(pair);  // What the driver has sent is dropped: it does not wait for ever
  }
}

void NetworkDevice::kicked(std::uint16_t queue) {
  if (!running_) {
    return;
  }
  if (queue == control_number_ && control_ != nullptr) {
    serve_control(*control_);
    return;
  }
  const std::size_t number = queue / 2;
  if (number >= pairs_.size()) {
    return;
  }
  Pair& pair = pairs_[number];
  if (queue % 2 == 1) {
    transmit(pair);
  } else if (pair.active && pair.frame) {
    receive(pair);
  }
}

void NetworkDevice::serve_those_with_more() {
  for (Pair& pair : pairs_) {
    if (running_ && std::exchange(pair.has_more, false)) {
      transmit(pair);
    }
    if (std::exchange(pair.port_has_more, false) && running_ && pair.active) {
      receive(pair);
    }
  }
  if (running_ && control_ != nullptr && std::exchange(control_has_more_, false)) {
    serve_control(*control_);
  }
}

// From the driver to the host.

void NetworkDevice::transmit(Pair& pair) {
  const auto number = static_cast<std::size_t>(&pair - pairs_.data());
  if (!running_ || pair.transmit == nullptr || (!pair.active && !broken_[number])) {
    pair.port->want_room(false);
    return;
  }
  bool any = false;
  for (unsigned left = kTurn; left > 0; --left) {
    auto next = pair.transmit->take();
    if (!next) {
      fail(next.error().what);
      return;
    }
    if (!*next) {
      if (pair.active) {
        pair.port->want_room(false);
      }
      break;
    }
    if (!transmit_one(pair, **next)) {
      break;
    }
    any = true;
    if (left == 1) {
      pair.has_more = true;
      more_.signal();
    }
  }
  if (any && running_) {
    pair.transmit->notify();
  }
}

/// False: no more now.
bool NetworkDevice::transmit_one(Pair& pair, const Chain& chain) {
  // 5.1.6.2: a header, then the frame; 2.7.4.2 lets them lie in any number of descriptors.
  if (chain.readable_bytes < kFrameHeaderSize) {
    fail(text("a frame to send has {} bytes, and so no header (virtio 1.2, 5.1.6.2)", chain.readable_bytes));
    return false;
  }
  const auto pieces = memory_->iovecs(chain.readable);
  if (!pieces) {
    fail(text("a frame to send lies where the guest shares no memory, or in more than {} pieces",
              SharedMemory::kMostPieces));
    return false;
  }
  const std::uint64_t bytes = chain.readable_bytes - kFrameHeaderSize;
  if (bytes < net::kLeastFrameBytes || bytes > kMostFrameBytes) {
    sent_.add_error();
  } else if (!pair.active || !link_wanted_) {
    sent_.add_drop();
  } else {
    switch (pair.port->send(*pieces)) {
      case NetworkPort::Sent::kYes:
        sent_.add_packet(bytes);
        break;
      case NetworkPort::Sent::kLater:
        pair.transmit->put_back();
        pair.port->want_room(true);
        return false;
      case NetworkPort::Sent::kNo:
        sent_.add_error();
        break;
      case NetworkPort::Sent::kBroken:
        pair.transmit->put_back();
        on_broken(pair, pair.port->why_broken());
        return false;
    }
  }
  pair.transmit->give_back(chain.head, 0);
  return true;
}

// The control queue.

void NetworkDevice::serve_control(Queue& queue) {
  for (unsigned left = kTurn; left > 0; --left) {
    const auto next = queue.take();
    if (!next) {
      fail(next.error().what);
      return;
    }
    if (!*next) {
      break;
    }
    const Chain& chain = **next;
    const auto from = memory_->iovecs(chain.readable);
    const auto to = memory_->iovecs(chain.writable);
    // 5.1.6.5: class and command, and a byte for the answer.
    if (!from || !to || chain.readable_bytes < 2 || chain.writable_bytes < 1) {
      fail(
          text("a command of {} bytes with {} bytes for its answer is not one, or not in memory that the "
               "guest shares (virtio 1.2, 5.1.6.5)",
               chain.readable_bytes, chain.writable_bytes));
      return;
    }
    ByteArray<16> command{};
    const std::size_t size = copy_out(*from, 0, command);
    const std::uint8_t answer =
        size < chain.readable_bytes ? net::kAckError : obey(ByteView(command).first(size));
    copy_in(ByteView(&answer, 1), *to, chain.writable_bytes - 1);
    queue.give_back(chain.head, chain.writable_bytes == 1 ? 1 : 0);
    if (left == 1) {
      control_has_more_ = true;
      more_.signal();
    }
  }
  queue.notify();
}

std::uint8_t NetworkDevice::obey(ByteView command) {
  if (command.size() != 4 || command[0] != net::kClassMq || command[1] != net::kMqPairsSet ||
      (taken_features_ & net::kMq) == 0) {
    return net::kAckError;
  }
  // 5.1.6.5.6.2: from 1 to max_virtqueue_pairs.
  const auto count = get_le<std::uint16_t>(command, 2);
  if (count < 1 || count > pairs_.size()) {
    return net::kAckError;
  }
  activate(count);
  return net::kAckOk;
}

}  // namespace virtsev::vmm
