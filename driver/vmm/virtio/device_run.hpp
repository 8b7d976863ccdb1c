// SPDX-License-Identifier: LGPL-2.1-or-later
// A virtio device between its start and its stop, on its own thread. vCPUs' threads ask, that one acts.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "driver/vmm/loop/event_loop.hpp"
#include "driver/vmm/loop/wakeup.hpp"
#include "driver/vmm/virtio/split_queue.hpp"
#include "driver/vmm/virtio/virtio_device.hpp"

namespace virtsev::vmm {

//            begin()                  fail()                  end()
//   idle ----------------> running ----------------> failed -----------> idle
//                             |            end()                          ^
//                             +-------------------------------------------+
//
// Each arrow is taken on the device's thread; the last two tell `stopped`, when all that the device had begun
// has ended.
class DeviceRun {
 public:
  struct Setup {
    std::uint64_t features = 0;
    std::vector<QueueSetup> queues;
  };
  /// All called on the device's thread.
  struct Owner {
    std::function<void(std::size_t queue)> interrupt;
    std::function<void(const std::string& why)> failed;  ///< Once between begin() and `stopped`
    std::function<void()> stopped;                       ///< Once for each end()
  };

  /// `doorbells`: one event for each queue. Device, memory, loop, doorbells and transport outlive this.
  DeviceRun(VirtioDevice& device, const SharedMemory& memory, EventLoop& loop, std::vector<int> doorbells,
            VirtioTransport& transport, Owner owner);
  DeviceRun(const DeviceRun&) = delete;
  DeviceRun& operator=(const DeviceRun&) = delete;

  /// Any thread, while it is idle.
  void begin(Setup setup);
  /// Any thread, once after each begin().
  void end();
  /// The device's thread. Without effect where the device does not run.
  void fail(const std::string& why);

 private:
  enum class Phase : std::uint8_t { kIdle, kRunning, kStopping, kFailed };

  void on_wake();
  void start(const Setup& setup);
  [[nodiscard]] bool make_queues(const Setup& setup);
  void ring(std::uint16_t queue);
  void stop();
  void finish();

  VirtioDevice& device_;
  const SharedMemory& memory_;
  EventLoop& loop_;
  const std::vector<int> doorbells_;
  VirtioTransport& transport_;
  const Owner owner_;

  std::mutex mutex_;  // Of these two
  std::optional<Setup> to_begin_;
  bool to_end_ = false;

  // The device's thread's.
  Phase phase_ = Phase::kIdle;
  bool failed_ = false;
  bool device_stopped_ = false;
  std::vector<std::unique_ptr<SplitQueue>> queues_;
  std::vector<EventLoop::Source> kicks_;

  Wakeup wake_;  // Last: nothing above is used once it has gone
};

}  // namespace virtsev::vmm
