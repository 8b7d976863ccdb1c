// SPDX-License-Identifier: LGPL-2.1-or-later
// A virtio device on PCI from its driver's point of view: found, set up, kicked, reset
// (virtio 1.2, 3.1, 4.1).
#include <chrono>
#include <condition_variable>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "driver/vmm/loop/io_thread.hpp"
#include "driver/vmm/pci/pci_host.hpp"
#include "driver/vmm/virtio/pci_capabilities.hpp"
#include "driver/vmm/virtio/pci_transport.hpp"
#include "driver/vmm/virtio/virtio_numbers.hpp"
#include "sevcore/machine/memory_layout.hpp"
#include "tests/driver/vmm/fake_interrupts.hpp"
#include "tests/driver/vmm/virtio/driver_rings.hpp"

namespace virtsev::vmm::test {
/// What the device's thread did, for the test's to wait for.
class Told {
 public:
  void say(const std::string& what) {
    const std::lock_guard lock(mutex_);
    said_.push_back(what);
    changed_.notify_all();
  }
  /// False where it is not said in ten seconds.
  bool wait_for(const std::string& what, std::size_t times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return count(what) >= times; });
  }
  std::size_t times(const std::string& what) {
    const std::lock_guard lock(mutex_);
    return count(what);
  }

 private:
  [[nodiscard]] std::size_t count(const std::string& what) const {
    return static_cast<std::size_t>(std::count_if(said_.begin(), said_.end(), [&](const std::string& one) {
      return one.find(what) != std::string::npos;
    }));
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> said_;
};

/// Gives each buffer back; stops when the test lets it.
class EchoDevice final : public VirtioDevice {
 public:
  explicit EchoDevice(Told& told) : told_(told) {}
  [[nodiscard]] std::uint16_t type() const override { return 4; }
  [[nodiscard]] std::uint32_t pci_class() const override { return 0x00ff00; }
  [[nodiscard]] std::uint64_t features() const override { return 1; }
  [[nodiscard]] std::vector<std::uint16_t> queue_sizes() const override { return {8, 8}; }
  [[nodiscard]] std::uint32_t configuration_size() const override { return 4; }
  void read_configuration(std::uint32_t offset, MutableBytes data) override {
    std::copy_n(configuration.begin() + offset, data.size(), data.begin());
  }
  void write_configuration(std::uint32_t offset, ByteView data) override {
    std::copy(data.begin(), data.end(), configuration.begin() + offset);
  }
  void start(std::uint64_t, std::vector<Queue*> queues, const SharedMemory&,
             VirtioTransport& transport) override {
    queues_ = std::move(queues);
    transport_ = &transport;
    told_.say("start");
  }
  void kicked(std::uint16_t queue) override {
    told_.say("kicked " + std::to_string(queue));
    while (true) {
      const auto chain = queues_[queue]->take();
      if (!chain) {
        transport_->fail(chain.error().what);
        transport_->fail("again");
        return;
      }
      if (!*chain) {
        break;
      }
      queues_[queue]->give_back((*chain)->head, 1);
    }
    queues_[queue]->notify();
  }
  void stop(std::function<void()> stopped) override {
    if (holds) {
      held_ = std::move(stopped);
    } else {
      stopped();
    }
    told_.say("stop");
  }
  /// The device's thread: what it had held back ends now.
  void release() { held_(); }

  ByteArray<4> configuration{1, 2, 3, 4};
  std::atomic<bool> holds{false};

 private:
  std::function<void()> held_;
  Told& told_;
  std::vector<Queue*> queues_;
  VirtioTransport* transport_ = nullptr;
};

inline constexpr std::uint64_t kBar = 0xc0000000;

class PciTransportTest : public testing::Test {
 protected:
  PciTransportTest() {
    function_.add_bar({0, PciTransport::kBarSize, &transport_,
                       [this](std::optional<GuestAddress> at) { transport_.place(at); }});
    messages_.add_to(function_, 1);
    window_.add_to(function_);
    decode(true);
  }
  void decode(bool on) {
    const ByteArray<2> command{static_cast<std::uint8_t>(on ? 2 : 0), 0};
    function_.write(4, command);
  }
  template <typename Number>
  Number get(std::uint64_t offset) {
    ByteArray<sizeof(Number)> data{};
    bus_.read(kBar + offset, data);
    return get_le<Number>(data, 0);
  }
  template <typename Number>
  void put(std::uint64_t offset, Number value) {
    ByteArray<sizeof(Number)> data{};
    put_le<Number>(data, 0, value);
    bus_.write(kBar + offset, data);
  }
  std::uint8_t status() { return get<std::uint8_t>(20); }
  void set_status(std::uint8_t value) { put<std::uint8_t>(20, value); }
  /// Until the reset has happened, as a driver waits for it.
  void reset() {
    set_status(0);
    while (status() != 0) {
      std::this_thread::yield();
    }
  }
  void set_up_queue(std::uint16_t number, const QueueSetup& setup) {
    put<std::uint16_t>(22, number);
    put<std::uint16_t>(26, number);
    put<std::uint64_t>(32, setup.descriptors.value());
    put<std::uint64_t>(40, setup.driver.value());
    put<std::uint64_t>(48, setup.device.value());
    put<std::uint16_t>(28, 1);
  }
  void negotiate() {
    set_status(virtio::kAcknowledge | virtio::kDriver);
    put<std::uint32_t>(8, 1);
    put<std::uint32_t>(12, virtio::kRequiredFeatures >> 32);
    set_status(virtio::kAcknowledge | virtio::kDriver | virtio::kFeaturesOk);
  }
  /// As a driver does it (3.1.1), with the first queue alone.
  void start() {
    negotiate();
    put<std::uint16_t>(16, 2);
    set_up_queue(0, rings_.setup());
    set_status(virtio::kAcknowledge | virtio::kDriver | virtio::kFeaturesOk | virtio::kDriverOk);
    ASSERT_TRUE(told_.wait_for("kicked 0"));
  }
  void offer_buffer() {
    rings_.put(0, {memory_.allocate(16), 16, kWrite, 0});
    rings_.offer(0);
  }
  void switch_messages_on() {
    for (std::uint64_t vector = 0; vector < 3; ++vector) {
      const std::uint64_t entry = PciTransport::kBarSize + 16 * vector;
      put<std::uint64_t>(entry, 0xfee00000);
      put<std::uint32_t>(entry + 8, 0x30);
      put<std::uint32_t>(entry + 12, 0);
    }
    const ByteArray<2> control{0, 0x80};
    function_.write(0x42, control);
  }
  /// Waits for the message.
  void expect_message(std::uint32_t vector) {
    pollfd waited{fake_.connected.at(layout::kIoApicPins + vector), POLLIN, 0};
    ASSERT_EQ(::poll(&waited, 1, 10000), 1) << vector;
    eventfd_t count = 0;
    (void)::eventfd_read(waited.fd, &count);
  }
  int doorbell(std::uint64_t queue) {
    const auto found = fake_.doorbells.find(kBar + PciTransport::kNotifyOffset + 4 * queue);
    return found == fake_.doorbells.end() ? -1 : found->second;
  }

  Told told_;
  TestMemory memory_;
  DriverRings rings_{memory_};
  FakeInterrupts fake_;
  Interrupts interrupts_{fake_, layout::kIoApicPins};
  Bus bus_{{{kBar, 0x10000}}};
  IoThread thread_{"devices"};
  EchoDevice device_{told_};
  Msix messages_{interrupts_, 3};
  PciTransport transport_{{"echo0", device_, messages_, memory_.shared(), thread_.loop(), fake_,
                           [this](const std::string& line) { told_.say(line); }}};
  UniqueFd release_{::eventfd(0, EFD_CLOEXEC)};
  EventLoop::Source on_release_ =
      thread_.loop().watch(release_.get(), EPOLLIN | EPOLLET, [this](std::uint32_t) { device_.release(); });
  RegisterWindow window_{transport_, 0};
  PciFunction function_{"test", identity_of(device_), bus_, GuestAddress(kBar)};
};

}  // namespace virtsev::vmm::test
