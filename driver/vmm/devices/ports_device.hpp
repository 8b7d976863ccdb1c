// SPDX-License-Identifier: LGPL-2.1-or-later
// A virtio console device with several ports (virtio 1.2, section 5.3): consoles, and channels to programs
// of the guest's such as its agent.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "driver/vmm/devices/host_end.hpp"
#include "driver/vmm/loop/wakeup.hpp"
#include "driver/vmm/virtio/virtio_device.hpp"

namespace virtsev::vmm {

/// Threads: as VirtioDevice says. No bytes are kept here. What a client sends waits in its socket until the
/// guest has opened the port and offered a buffer. What the guest sends over a channel waits in its queue
/// until the client reads; over a console it is dropped where its terminal has no room, as Linux waits for
/// a console with its interrupts off. Without a client all of it is dropped.
class PortsDevice final : public VirtioDevice {
 public:
  /// Small: Linux fills receive queues with pages, which under SEV come out of its bounce buffers.
  static constexpr std::uint16_t kQueueSize = 32;

  struct PortOptions {
    std::string id;
    std::uint32_t number = 0;  ///< Each once
    bool console = false;
    std::string name;  ///< Told to the guest; empty: none
    HostEnd::Descriptors host;
  };

  /// `loop`: the device's thread's.
  PortsDevice(const std::vector<PortOptions>& ports, EventLoop& loop);

  [[nodiscard]] std::uint16_t type() const override { return 3; }
  [[nodiscard]] std::uint32_t pci_class() const override { return 0x078000; }
  [[nodiscard]] std::uint64_t features() const override;
  [[nodiscard]] std::vector<std::uint16_t> queue_sizes() const override;
  [[nodiscard]] std::uint32_t configuration_size() const override;
  void read_configuration(std::uint32_t offset, MutableBytes data) override;

  void start(std::uint64_t features, std::vector<Queue*> queues, const SharedMemory& memory,
             VirtioTransport& transport) override;
  void kicked(std::uint16_t queue) override;
  void stop(std::function<void()> stopped) override;

  /// Whether a program of the guest's has each port open, by the port's id. Any thread.
  [[nodiscard]] std::vector<std::pair<std::string, bool>> open_ports() const;

 private:
  /// What the driver is still to be told of a port, in this order. Each once, however often it asks.
  enum News : std::uint8_t { kAdd = 1, kConsole = 2, kName = 4, kOpen = 8 };
  struct Port {
    explicit Port(const PortOptions& given) : options(given), host(given.host) {}
    const PortOptions options;
    HostEnd host;
    Queue* receive = nullptr;
    Queue* transmit = nullptr;
    std::uint8_t news = 0;
    bool ready = false;             // The driver has set it up
    std::atomic<bool> open{false};  // By the guest
    std::optional<Chain> sending;   // The buffer that is on its way to the host
    std::uint64_t sent = 0;         // Bytes of it
    bool changed = false;           // A client came or went
    bool has_more = false;          // Its turn is over before its queue is empty
  };

  Port* port_of(std::uint32_t number);
  Queue* queue(std::uint16_t number) const;
  /// The driver broke the rules.
  void fail(const std::string& what);

  void feed(Port& port);
  enum class Fed { kOne, kNoInput, kNoBuffer, kFailed };
  Fed feed_once(Port& port);
  void drain(Port& port);
  /// Whether the buffer that is on its way has gone, or was dropped.
  bool send_on(Port& port);
  void go_on();

  void take_commands();
  bool take_command(const Chain& chain);
  void on_command(std::uint32_t number, std::uint16_t event, std::uint16_t value);
  void tell_news();
  bool tell(Port& port, News news, const Chain& chain);

  std::uint32_t most_ports_ = 1;
  EventLoop& loop_;
  std::deque<Port> ports_;  // They stay where they are
  bool multiport_ = false;
  bool running_ = false;
  std::vector<Queue*> queues_;
  const SharedMemory* memory_ = nullptr;
  VirtioTransport* transport_ = nullptr;
  Wakeup more_;  // Last
};

}  // namespace virtsev::vmm
