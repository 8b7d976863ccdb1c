// SPDX-License-Identifier: LGPL-2.1-or-later
// Random numbers for the guest (virtio 1.2, section 5.4): the host kernel's own.
#pragma once

#include <memory>

#include "driver/vmm/devices/virtio_pci_device.hpp"

namespace virtsev::vmm {

std::unique_ptr<Device> make_device(const OnPci<spec::Entropy>& options, const Surroundings& surroundings);

/// The device itself. As VirtioDevice says.
class EntropyDevice final : public VirtioDevice {
 public:
  /// Bytes that one buffer gets at most; it may be longer (5.4.6.2). So no buffer keeps the device's thread
  /// for long.
  static constexpr std::uint64_t kMostBytes = 4096;

  [[nodiscard]] std::uint16_t type() const override { return 4; }
  [[nodiscard]] std::uint32_t pci_class() const override { return 0x00ff00; }
  [[nodiscard]] std::uint64_t features() const override { return 0; }
  [[nodiscard]] std::vector<std::uint16_t> queue_sizes() const override { return {8}; }
  [[nodiscard]] std::uint32_t configuration_size() const override { return 0; }
  void read_configuration(std::uint32_t /*offset*/, MutableBytes /*data*/) override {}

  void start(std::uint64_t features, std::vector<Queue*> queues, const SharedMemory& memory,
             VirtioTransport& transport) override;
  void kicked(std::uint16_t queue) override;
  void stop(std::function<void()> stopped) override;

 private:
  /// Bytes that were written; none where the kernel has none to give.
  [[nodiscard]] std::uint32_t fill(const Chain& chain) const;

  Queue* queue_ = nullptr;
  const SharedMemory* memory_ = nullptr;
  VirtioTransport* transport_ = nullptr;
};

}  // namespace virtsev::vmm
