// SPDX-License-Identifier: LGPL-2.1-or-later
// A virtio network device (virtio 1.2, section 5.1) over NetworkPorts, one for each queue pair.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "driver/vmm/devices/device_log.hpp"
#include "driver/vmm/devices/interface_statistics.hpp"
#include "driver/vmm/loop/wakeup.hpp"
#include "driver/vmm/network/network_port.hpp"
#include "driver/vmm/virtio/virtio_device.hpp"
#include "sevcore/machine/device_limits.hpp"

namespace virtsev::vmm {

/// Threads: as VirtioDevice says. A frame from the host is kept in its port while the driver has no room for
/// it, and the port is not read meanwhile; a frame of the driver's that the host has no room for stays in its
/// queue. So nothing is kept here but the buffers that a large frame waits for the rest of.
///
/// With several queue pairs there is a control queue, for the one command that says how many are used
/// (5.1.6.5.6). The receive mode's commands are not offered: the host's bridge decides what comes.
class NetworkDevice final : public VirtioDevice {
 public:
  static constexpr std::uint16_t kQueueSize = 256;
  static constexpr std::size_t kMostPairs = machine::kMaxQueuePairs;
  /// So many frames of one queue before others have their turn.
  static constexpr unsigned kTurn = 64;

  struct Options {
    ByteArray<6> mac{};
    std::uint16_t mtu = 0;  ///< 0: not told
    bool link_up = true;
  };

  /// `ports`: 1 to kMostPairs. `loop`: that of the device's thread. `log` outlives it.
  NetworkDevice(const Options& options, std::vector<std::unique_ptr<NetworkPort>> ports, EventLoop& loop,
                DeviceLog& log);

  [[nodiscard]] std::uint16_t type() const override { return 1; }
  [[nodiscard]] std::uint32_t pci_class() const override { return 0x020000; }
  [[nodiscard]] std::uint64_t features() const override { return features_; }
  [[nodiscard]] std::vector<std::uint16_t> queue_sizes() const override;
  [[nodiscard]] std::uint32_t configuration_size() const override;
  void read_configuration(std::uint32_t offset, MutableBytes data) override;

  void start(std::uint64_t features, std::vector<Queue*> queues, const SharedMemory& memory,
             VirtioTransport& transport) override;
  void kicked(std::uint16_t queue) override;
  void stop(std::function<void()> stopped) override;

  /// Any thread. While it is down, frames of both ways are dropped.
  void set_link(bool up);
  /// Any thread.
  [[nodiscard]] InterfaceStatistics statistics() const;

 private:
  struct Pair {
    std::unique_ptr<NetworkPort> port;
    Queue* receive = nullptr;
    Queue* transmit = nullptr;
    bool active = false;            ///< Frames go and come
    std::optional<ByteView> frame;  ///< In the port, for which there was no room
    std::deque<Chain> taken;        ///< Room for a part of a frame
    std::uint64_t taken_bytes = 0;  ///< Of it
    bool has_more = false;          ///< The driver may have frames that were not taken
    bool port_has_more = false;     ///< The port may, of which the loop does not tell: it has read ahead
  };
  enum class Delivery { kDone, kNoRoom, kFailed };

  void activate(std::size_t count);
  void receive(Pair& pair);
  Delivery deliver(Pair& pair, ByteView frame);
  Delivery make_room(Pair& pair, std::size_t size);
  bool fill(Pair& pair, ByteView frame);
  void transmit(Pair& pair);
  bool transmit_one(Pair& pair, const Chain& chain);
  void serve_those_with_more();
  void serve_control(Queue& queue);
  std::uint8_t obey(ByteView command);
  void on_broken(Pair& pair, const std::string& why);
  void fail(const std::string& what);
  void tell_configuration();

  Options options_;
  DeviceLog& log_;
  EventLoop& loop_;
  std::uint64_t features_ = 0;
  InterfaceCounter received_;
  InterfaceCounter sent_;
  std::atomic<bool> link_wanted_;
  std::atomic<bool> has_port_{true};  // That is not broken

  std::mutex told_mutex_;
  VirtioTransport* told_ = nullptr;  // While the driver is there, for configuration_changed()

  // The device's thread's.
  bool running_ = false;
  std::uint64_t taken_features_ = 0;
  const SharedMemory* memory_ = nullptr;
  VirtioTransport* transport_ = nullptr;
  Queue* control_ = nullptr;
  std::uint16_t control_number_ = 0;
  bool control_has_more_ = false;
  std::vector<Pair> pairs_;
  std::vector<bool> broken_;  // By pair, for good
  Wakeup more_;
};

}  // namespace virtsev::vmm
