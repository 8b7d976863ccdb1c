// SPDX-License-Identifier: LGPL-2.1-or-later
// A virtio block device (virtio 1.2, section 5.2) over a Storage.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

#include "driver/spec/machine.hpp"
#include "driver/vmm/devices/device_log.hpp"
#include "driver/vmm/devices/disk_statistics.hpp"
#include "driver/vmm/loop/wakeup.hpp"
#include "driver/vmm/storage/storage.hpp"
#include "driver/vmm/virtio/virtio_device.hpp"

namespace virtsev::vmm {

/// Threads: as VirtioDevice says. A request is in one of the driver's buffers from take() to give_back();
/// there are never more than a queue's size of one queue, whatever its rings say.
///
/// Sizes are chosen for guests that copy each buffer through SWIOTLB, whose one mapping has at most 256 KiB
/// and whose whole has 64 MiB in a guest of up to 1 GiB (Linux 6.1, sev_setup_arch()). A segment of 64 KiB
/// finds its place even where that memory is in pieces, and kSegments of single pages make requests of about
/// 0.5 MiB: all kQueueSize of them at once take no more than SWIOTLB has.
class BlockDevice final : public VirtioDevice {
 public:
  static constexpr std::uint16_t kQueueSize = 128;
  static constexpr std::uint32_t kSegments = kQueueSize - 2;  ///< Beside header and status
  static constexpr std::uint32_t kSegmentBytes = 64U << 10;
  static constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;     ///< Of one request's data
  static constexpr std::uint32_t kMostRangeSectors = (256U << 20) / 512;  ///< Of one discard
  static constexpr std::uint16_t kMostQueues = machine::kMaxDiskQueues;
  /// So many requests of one queue before others have their turn.
  static constexpr unsigned kTurn = 32;

  struct Options {
    bool read_only = false;
    bool discard = false;
    bool write_through = false;  ///< Whatever the driver says
    std::string serial;          ///< At most block::kIdBytes
    std::uint16_t queues = 1;
  };

  /// `loop`: that of the device's thread, and of `storage`, whose end of a batch this takes by way of
  /// `engine`, its engine. `log` outlives it.
  BlockDevice(Options options, const ImageFacts& facts, spec::Disk::Flush flush,
              std::unique_ptr<IoEngine> engine, EventLoop& loop, DeviceLog& log);
  ~BlockDevice() override;

  [[nodiscard]] std::uint16_t type() const override { return 2; }
  [[nodiscard]] std::uint32_t pci_class() const override { return 0x010000; }
  [[nodiscard]] std::uint64_t features() const override;
  [[nodiscard]] std::vector<std::uint16_t> queue_sizes() const override;
  [[nodiscard]] std::uint32_t configuration_size() const override;
  void read_configuration(std::uint32_t offset, MutableBytes data) override;
  void write_configuration(std::uint32_t offset, ByteView data) override;

  void start(std::uint64_t features, std::vector<Queue*> queues, const SharedMemory& memory,
             VirtioTransport& transport) override;
  void kicked(std::uint16_t queue) override;
  void stop(std::function<void()> stopped) override;

  /// Any thread.
  [[nodiscard]] DiskStatistics statistics() const;

 private:
  struct Request;
  struct Ring {
    Queue* queue = nullptr;
    unsigned in_flight = 0;
    bool has_used = false;  ///< The driver has not been notified of all
    bool has_more = false;  ///< There may be buffers that were not taken
  };

  void serve(std::uint16_t queue);
  void serve_those_with_more();
  void notify_all();
  void begin(std::uint16_t queue, const Chain& chain);
  void carry_out(Request& request);
  void transfer(Request& request, bool is_read);
  void answer_id(Request& request);
  void change_range(Request& request, bool zeroes);
  void end(Request& request, std::uint8_t status);
  void end_io(Request& request, int error, DiskCounter* counter, const char* doing);
  void fail(const std::string& what);
  [[nodiscard]] bool durable() const;
  [[nodiscard]] bool reaches(std::uint64_t sector, std::uint64_t bytes) const;

  Options options_;
  std::uint64_t capacity_;  // In sectors
  DeviceLog& log_;
  std::array<std::uint8_t, 60> configuration_{};
  std::atomic<std::uint8_t> writeback_{1};  // As the driver has it, in its configuration

  DiskCounter reads_;
  DiskCounter writes_;
  DiskCounter flushes_;
  std::atomic<std::uint64_t> errors_{0};

  // The device's thread's.
  bool running_ = false;
  std::uint64_t taken_features_ = 0;
  const SharedMemory* memory_ = nullptr;
  VirtioTransport* transport_ = nullptr;
  std::vector<Ring> rings_;
  std::vector<std::unique_ptr<Request>> requests_;  // All that were ever made
  std::vector<Request*> free_;
  Storage storage_;
  Wakeup more_;
};

}  // namespace virtsev::vmm
