// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/entropy_device.hpp"

#include <algorithm>

#include <sys/random.h>

#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

void EntropyDevice::start(std::uint64_t /*features*/, std::vector<Queue*> queues, const SharedMemory& memory,
                          VirtioTransport& transport) {
  queue_ = queues[0];
  memory_ = &memory;
  transport_ = &transport;
}

std::uint32_t EntropyDevice::fill(const Chain& chain) const {
  const auto pieces = memory_->iovecs(chain.writable);
  std::uint64_t written = 0;
  for (std::size_t i = 0; pieces && i < pieces->size() && written < kMostBytes; ++i) {
    const iovec& piece = (*pieces)[i];
    const std::size_t size = std::min<std::uint64_t>(piece.iov_len, kMostBytes - written);
    const ssize_t got = ::getrandom(piece.iov_base, size, GRND_NONBLOCK);
    if (got < 0) {
      break;
    }
    written += static_cast<std::uint64_t>(got);
    if (static_cast<std::size_t>(got) < size) {
      break;
    }
  }
  return static_cast<std::uint32_t>(written);
}

void EntropyDevice::kicked(std::uint16_t /*queue*/) {
  while (true) {
    const auto chain = queue_->take();
    if (!chain) {
      transport_->fail(chain.error().what);
      return;
    }
    if (!*chain) {
      break;
    }
    // 5.4.6.1: the driver gives only buffers for writing.
    if (!(*chain)->readable.empty()) {
      transport_->fail(text("a buffer for reading, in the queue of an entropy device (5.4.6.1)"));
      return;
    }
    queue_->give_back((*chain)->head, fill(**chain));
  }
  queue_->notify();
}

void EntropyDevice::stop(std::function<void()> stopped) {
  queue_ = nullptr;
  stopped();
}

std::unique_ptr<Device> make_device(const OnPci<spec::Entropy>& options, const Surroundings& surroundings) {
  return make_virtio_pci_device(options.id, options.address, std::make_unique<EntropyDevice>(), surroundings);
}

}  // namespace virtsev::vmm
