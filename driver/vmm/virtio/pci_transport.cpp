// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/virtio/pci_transport.hpp"

#include <algorithm>

#include <sys/eventfd.h>

#include "driver/vmm/virtio/virtio_numbers.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint8_t kQueueInterrupt = 1;  // Of the ISR status (4.1.4.5)
constexpr std::uint8_t kConfigurationInterrupt = 2;
/// A guest that resets its device and breaks the rules again, without end, is not to fill the log.
constexpr std::size_t kMostLines = 16;

std::vector<std::unique_ptr<Doorbell>> make_doorbells(DoorbellController& controller, std::size_t count) {
  std::vector<std::unique_ptr<Doorbell>> doorbells;
  for (std::size_t i = 0; i < count; ++i) {
    doorbells.push_back(std::make_unique<Doorbell>(controller));
  }
  return doorbells;
}

std::vector<int> descriptors_of(const std::vector<std::unique_ptr<Doorbell>>& doorbells) {
  std::vector<int> descriptors;
  for (const auto& doorbell : doorbells) {
    descriptors.push_back(doorbell->descriptor());
  }
  return descriptors;
}

}  // namespace

PciTransport::PciTransport(const Parts& parts)
    : parts_(parts),
      doorbells_(make_doorbells(parts.doorbells, parts.device.queue_sizes().size())),
      registers_(parts.device.features() | virtio::kTransportFeatures, parts.device.queue_sizes(),
                 parts.messages.vectors()),
      run_(parts.device, parts.memory, parts.device_loop, descriptors_of(doorbells_), *this,
           {[this](std::size_t queue) { interrupt(queue); },
            [this](const std::string& why) { on_failed(why); }, [this] { on_stopped(); }}) {}

PciTransport::~PciTransport() {
  std::unique_lock lock(mutex_);
  if (active_ && !resetting_) {
    resetting_ = true;
    run_.end();
  }
  stopped_.wait(lock, [this] { return !active_; });
}

void PciTransport::place(std::optional<GuestAddress> bar) {
  for (std::size_t i = 0; i < doorbells_.size(); ++i) {
    if (bar) {
      // Of any width, as only the place says which queue it is. Where KVM has no room for it, the write comes
      // to write().
      const std::uint64_t address = bar->value() + kNotifyOffset + i * kNotifyMultiplier;
      (void)doorbells_[i]->place_at({DoorbellPlace::Space::kMemory, address, 0, std::nullopt});
    } else {
      doorbells_[i]->remove();
    }
  }
}

void PciTransport::read(std::uint64_t offset, MutableBytes data) {
  std::fill(data.begin(), data.end(), std::uint8_t{0});
  const auto region = static_cast<std::uint32_t>(offset & ~std::uint64_t{kRegionSize - 1});
  const auto inside = static_cast<std::uint32_t>(offset % kRegionSize);
  if (region == kCommonOffset && inside + data.size() <= CommonConfiguration::kSize) {
    const std::lock_guard lock(mutex_);
    registers_.read(inside, data, generation_);
  } else if (region == kIsrOffset && inside == 0) {
    data[0] = take_isr();
  } else if (region == kDeviceOffset && is_in_configuration(inside, data.size())) {
    parts_.device.read_configuration(inside, data);
  }
}

void PciTransport::write(std::uint64_t offset, ByteView data) {
  const auto region = static_cast<std::uint32_t>(offset & ~std::uint64_t{kRegionSize - 1});
  const auto inside = static_cast<std::uint32_t>(offset % kRegionSize);
  if (region == kCommonOffset && inside + data.size() <= CommonConfiguration::kSize) {
    write_common(inside, data);
  } else if (region == kDeviceOffset && is_in_configuration(inside, data.size())) {
    parts_.device.write_configuration(inside, data);
  } else if (region == kNotifyOffset) {
    ring(inside);
  }
}

bool PciTransport::is_in_configuration(std::uint32_t offset, std::size_t size) const {
  const std::uint32_t all = parts_.device.configuration_size();
  return offset <= all && size <= all - offset;
}

std::uint8_t PciTransport::take_isr() {
  return isr_.exchange(0);  // 4.1.4.5.1: a read resets it
}

void PciTransport::write_common(std::uint32_t offset, ByteView data) {
  const std::lock_guard lock(mutex_);
  if (resetting_) {
    return;  // The driver waits until the status is 0 (4.1.4.3.2)
  }
  if (const auto status = registers_.write(offset, data)) {
    write_status(*status);
  }
}

void PciTransport::write_status(std::uint8_t value) {
  if (value != 0) {
    if (registers_.set_status(value) && !active_) {
      active_ = true;
      run_.begin({registers_.driver_features(), registers_.queues()});
    }
  } else if (active_) {
    resetting_ = true;
    run_.end();
  } else {
    registers_.reset();
    isr_ = 0;
  }
}

void PciTransport::ring(std::uint32_t offset) const {
  const std::size_t queue = offset / kNotifyMultiplier;
  if (queue < doorbells_.size()) {
    (void)::eventfd_write(doorbells_[queue]->descriptor(), 1);
  }
}

void PciTransport::interrupt(std::size_t queue) {
  std::uint16_t vector = virtio::kNoVector;
  {
    const std::lock_guard lock(mutex_);
    vector = registers_.queue_vector(queue);
  }
  if (!parts_.messages.enabled()) {
    isr_ |= kQueueInterrupt;  // 4.1.5.1.3.1; there is no interrupt pin, but a driver may poll it
  }
  if (vector != virtio::kNoVector) {
    parts_.messages.send(vector);
  }
}

void PciTransport::interrupt_for_configuration() {
  std::uint16_t vector = virtio::kNoVector;
  {
    const std::lock_guard lock(mutex_);
    vector = registers_.configuration_vector();
  }
  isr_ |= kConfigurationInterrupt;
  if (vector != virtio::kNoVector) {
    parts_.messages.send(vector);
  }
}

void PciTransport::configuration_changed() {
  ++generation_;  // 4.1.4.3.1
  interrupt_for_configuration();
}

void PciTransport::on_failed(const std::string& why) {
  bool tell = false;
  std::size_t line = 0;
  {
    const std::lock_guard lock(mutex_);
    tell = registers_.set_needs_reset();
    line = ++lines_;
  }
  if (line <= kMostLines) {
    parts_.log(
        text("the device \"{}\" has stopped until the guest resets it, as the guest broke the rules of "
             "virtio 1.2: {}",
             parts_.id, why));
  }
  if (line == kMostLines) {
    parts_.log(text("the device \"{}\" is not spoken of any more", parts_.id));
  }
  if (tell) {
    interrupt_for_configuration();  // 2.1.2
  }
}

void PciTransport::on_stopped() {
  const std::lock_guard lock(mutex_);
  active_ = false;
  resetting_ = false;
  registers_.reset();
  isr_ = 0;
  stopped_.notify_all();
}

}  // namespace virtsev::vmm
