// SPDX-License-Identifier: LGPL-2.1-or-later
// Virtio over PCI (virtio 1.2, section 4.1), without anything of before 1.0: the function's registers in
// memory.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "driver/vmm/interrupts/doorbell.hpp"
#include "driver/vmm/pci/msix.hpp"
#include "driver/vmm/virtio/common_configuration.hpp"
#include "driver/vmm/virtio/device_run.hpp"

namespace virtsev::vmm {

/// One BAR has all structures. Any thread reads and writes; where a method is for fewer it says so.
class PciTransport final : public BusDevice, public VirtioTransport {
 public:
  // What lies where in the BAR (4.1.4).
  static constexpr std::uint32_t kBarSize = 0x4000;
  static constexpr std::uint32_t kCommonOffset = 0;
  static constexpr std::uint32_t kIsrOffset = 0x1000;
  static constexpr std::uint32_t kDeviceOffset = 0x2000;
  static constexpr std::uint32_t kNotifyOffset = 0x3000;
  static constexpr std::uint32_t kRegionSize = 0x1000;  // Of each
  static constexpr std::uint32_t kNotifyMultiplier = 4;
  static constexpr std::size_t kMostQueues = kRegionSize / kNotifyMultiplier;

  struct Parts {
    std::string id;  ///< Of the definition, for the log
    VirtioDevice& device;
    Msix& messages;
    const SharedMemory& memory;
    EventLoop& device_loop;
    DoorbellController& doorbells;
    std::function<void(const std::string& line)> log;
  };

  /// All parts outlive this. Throws std::system_error.
  explicit PciTransport(const Parts& parts);
  /// Waits until the device has stopped: so another thread runs its loop.
  ~PciTransport() override;

  /// PciBar::on_placed of its BAR: doorbells go where it goes.
  void place(std::optional<GuestAddress> bar);

  void read(std::uint64_t offset, MutableBytes data) override;
  void write(std::uint64_t offset, ByteView data) override;

  void fail(const std::string& what) override { run_.fail(what); }
  void configuration_changed() override;

 private:
  [[nodiscard]] std::uint8_t take_isr();
  void write_common(std::uint32_t offset, ByteView data);
  void write_status(std::uint8_t value);
  void ring(std::uint32_t offset) const;
  void interrupt(std::size_t queue);
  void interrupt_for_configuration();
  void on_failed(const std::string& why);
  void on_stopped();
  /// Whether `data` lies within the device's configuration, which may be shorter than its region.
  [[nodiscard]] bool is_in_configuration(std::uint32_t offset, std::size_t size) const;

  const Parts parts_;
  std::vector<std::unique_ptr<Doorbell>> doorbells_;
  std::atomic<std::uint8_t> isr_{0};
  std::atomic<std::uint8_t> generation_{0};

  std::mutex mutex_;  // Of all below but for run_, which has its own
  std::condition_variable stopped_;
  CommonConfiguration registers_;
  bool active_ = false;     // From run_.begin() to on_stopped()
  bool resetting_ = false;  // From a status of 0 to on_stopped()
  std::size_t lines_ = 0;   // In the log

  DeviceRun run_;
};

}  // namespace virtsev::vmm
