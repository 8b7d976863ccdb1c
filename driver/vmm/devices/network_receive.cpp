// SPDX-License-Identifier: LGPL-2.1-or-later
// A network device's frames from the host to the driver.
#include <algorithm>
#include <utility>

#include "driver/vmm/devices/network_device.hpp"
#include "driver/vmm/devices/network_layout.hpp"
#include "driver/vmm/memory/pieces.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

void NetworkDevice::receive(Pair& pair) {
  if (!running_ || pair.receive == nullptr) {
    pair.port->want_frames(false);  // Or the loop would come again and again
    return;
  }
  bool any = false;
  for (unsigned left = kTurn; left > 0; --left) {
    if (!pair.frame) {
      const auto next = pair.port->receive();
      if (!next) {
        if (next.error() == NetworkPort::NoFrame::kBroken) {
          on_broken(pair, pair.port->why_broken());
        }
        break;
      }
      pair.frame = *next;
    }
    const Delivery delivery = deliver(pair, *pair.frame);
    if (delivery == Delivery::kFailed) {
      return;
    }
    // Level-triggered: the loop comes again for what the port has not read, and not while nothing is wanted.
    pair.port->want_frames(delivery != Delivery::kNoRoom);
    if (delivery == Delivery::kNoRoom) {
      break;
    }
    pair.frame.reset();
    any = true;
    if (left == 1) {
      pair.port_has_more = true;
      more_.signal();
    }
  }
  if (any && running_) {
    pair.receive->notify();
  }
}

NetworkDevice::Delivery NetworkDevice::deliver(Pair& pair, ByteView frame) {
  if (frame.size() < kFrameHeaderSize + net::kLeastFrameBytes) {
    received_.add_error();
    return Delivery::kDone;
  }
  if (!link_wanted_) {
    received_.add_drop();
    return Delivery::kDone;
  }
  const Delivery room = make_room(pair, frame.size());
  if (room != Delivery::kDone) {
    return room;
  }
  if (pair.taken_bytes < frame.size()) {
    received_.add_drop();  // No buffers of this driver hold it
    return Delivery::kDone;
  }
  if (!fill(pair, frame)) {
    return Delivery::kFailed;
  }
  received_.add_packet(frame.size() - kFrameHeaderSize);
  return Delivery::kDone;
}

/// Takes buffers for a frame, or all that one frame may have (5.1.6.3.2: one without MRG_RXBUF).
NetworkDevice::Delivery NetworkDevice::make_room(Pair& pair, std::size_t size) {
  const std::size_t most = (taken_features_ & net::kMrgRxbuf) != 0 ? kQueueSize : 1;
  while (pair.taken_bytes < size && pair.taken.size() < most) {
    auto next = pair.receive->take();
    if (!next) {
      fail(next.error().what);
      return Delivery::kFailed;
    }
    if (!*next) {
      return Delivery::kNoRoom;
    }
    // 5.1.6.3.1: at least the header fits into each.
    if ((*next)->writable_bytes < kFrameHeaderSize) {
      fail(text("a receive buffer of {} bytes has no room for a header (virtio 1.2, 5.1.6.3.1)",
                (*next)->writable_bytes));
      return Delivery::kFailed;
    }
    pair.taken_bytes += (*next)->writable_bytes;
    pair.taken.push_back(std::move(**next));
  }
  return Delivery::kDone;
}

/// Writes the frame into the first buffers that were taken, and gives those back.
bool NetworkDevice::fill(Pair& pair, ByteView frame) {
  std::uint16_t buffers = 0;
  for (std::uint64_t bytes = 0; bytes < frame.size(); ++buffers) {
    bytes += pair.taken[buffers].writable_bytes;
  }
  ByteArray<kFrameHeaderSize> header{};
  std::copy_n(frame.begin(), header.size(), header.begin());
  if ((taken_features_ & net::kGuestCsum) == 0) {
    header[net::kFlagsAt] = 0;  // 5.1.6.4.1
  }
  put_le<std::uint16_t>(header, net::kNumBuffersAt, buffers);
  ByteView left = frame;
  for (std::uint16_t i = 0; i < buffers; ++i) {
    const Chain& chain = pair.taken.front();
    const auto pieces = memory_->iovecs(chain.writable);
    if (!pieces) {
      fail(text("a receive buffer lies where the guest shares no memory, or in more than {} pieces",
                SharedMemory::kMostPieces));
      return false;
    }
    const std::size_t size = std::min<std::uint64_t>(left.size(), chain.writable_bytes);
    const std::size_t of_header = i == 0 ? header.size() : 0;
    copy_in(ByteView(header).first(of_header), *pieces, 0);
    copy_in(left.subspan(of_header, size - of_header), *pieces, of_header);
    left = left.subspan(size);
    pair.receive->give_back(chain.head, static_cast<std::uint32_t>(size));
    pair.taken_bytes -= chain.writable_bytes;
    pair.taken.pop_front();
  }
  return true;
}

}  // namespace virtsev::vmm
