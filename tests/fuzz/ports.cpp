// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest that gives any buffers to a virtio console device, and clients that come, send anything, do not
// read, and go. Neither ends more than the device. Input: records of a kind, and what that takes.
#include <csignal>
#include <cstdlib>

#include "driver/vmm/devices/ports_device.hpp"
#include "driver/vmm/devices/ports_layout.hpp"
#include "tests/driver/vmm/devices/port_socket.hpp"
#include "tests/driver/vmm/virtio/listed_queue.hpp"
#include "tests/fuzz/input.hpp"

using namespace virtsev;
using namespace virtsev::fuzz;
using vmm::DmaSegment;
using vmm::test::ListedGuest;

namespace {

std::vector<DmaSegment> segments(Input& input) {
  std::vector<DmaSegment> some;
  for (unsigned count = input.number<std::uint8_t>() % 4; count > 0; --count) {
    const auto start = input.number<std::uint16_t>();
    some.push_back({GuestAddress(ListedGuest::kStart + start), input.number<std::uint16_t>() % 4096U});
  }
  return some;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::signal(SIGPIPE, SIG_IGN);
  Input input(ByteView(data, size));
  ListedGuest guest(64U << 10);
  vmm::EventLoop loop;
  vmm::test::ListedTransport transport;
  const vmm::test::PortSocket first;
  const vmm::test::PortSocket second;
  vmm::PortsDevice device({{"console0", 0, true, "", {-1, first.listener()}},
                           {"channel0", 1, false, "name", {-1, second.listener()}}},
                          loop);
  std::vector<vmm::test::ListedQueue> queues(device.queue_sizes().size());
  std::vector<vmm::Queue*> all;
  for (vmm::test::ListedQueue& queue : queues) {
    all.push_back(&queue);
  }
  const auto without = input.number<std::uint8_t>();
  device.start(device.features() & ~std::uint64_t{without}, all, guest.memory, transport);
  // So that a turn of the loop waits for nothing.
  vmm::Wakeup always(loop, [] {});
  UniqueFd client;
  while (!input.empty() && transport.failures.empty()) {
    switch (input.number<std::uint8_t>() % 6) {
      case 0:
        client = (input.number<std::uint8_t>() % 2 == 0 ? first : second).connect();
        break;
      case 1:
        client.reset();
        break;
      case 2: {
        const Bytes bytes(input.number<std::uint8_t>());
        if (client) {
          (void)!::write(client.get(), bytes.data(), bytes.size());
        }
        break;
      }
      case 3: {  // A message that means something
        Bytes message(8);
        put_le<std::uint32_t>(message, 0, input.number<std::uint8_t>() % 3U);
        put_le<std::uint16_t>(message, 4, input.number<std::uint8_t>() % 8U);
        put_le<std::uint16_t>(message, 6, input.number<std::uint8_t>() % 2U);
        guest.forget();
        queues[vmm::ports::kControlTransmit].add({guest.put(message)}, {});
        device.kicked(vmm::ports::kControlTransmit);
        break;
      }
      default: {
        const auto number = static_cast<std::uint16_t>(input.number<std::uint8_t>() % queues.size());
        // By themselves, most end the device: the right kind more often.
        const bool writable = number % 2 == 0;
        auto some = segments(input);
        queues[number].add(writable ? std::vector<DmaSegment>{} : some,
                           writable ? some : std::vector<DmaSegment>{});
        device.kicked(number);
        break;
      }
    }
    always.signal();
    loop.run_once();
  }
  bool stopped = false;
  device.stop([&] { stopped = true; });
  require(stopped);
  for (const vmm::test::ListedQueue& queue : queues) {
    require(queue.order.size() == queue.used.size());
  }
  return 0;
}
