// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest that gives any buffers to a network device, and a passt that sends any bytes. Neither ends more
// than the device or its link. Input: records of a kind, and what that takes.
#include <cstdlib>

#include <sys/socket.h>

#include "driver/vmm/devices/network_device.hpp"
#include "driver/vmm/network/stream_port.hpp"
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

/// Bytes as they are, or a frame behind its length.
void send_from_host(Input& input, int socket) {
  const auto kind = input.number<std::uint8_t>();
  Bytes bytes(kind % 64);
  for (std::uint8_t& byte : bytes) {
    byte = input.number<std::uint8_t>();
  }
  if ((kind & 0x80) != 0) {
    bytes.insert(bytes.begin(), {0, 0, 0, static_cast<std::uint8_t>(bytes.size())});
  }
  (void)::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(ByteView(data, size));
  int ends[2] = {-1, -1};
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const UniqueFd ours(ends[0]);
  const UniqueFd host(ends[1]);
  ListedGuest guest(64U << 10);
  vmm::EventLoop loop;
  vmm::DeviceLog log("net0", [](const std::string&) {});
  vmm::test::ListedTransport transport;
  vmm::test::ListedQueue receive;
  vmm::test::ListedQueue transmit;
  std::vector<std::unique_ptr<vmm::NetworkPort>> ports;
  ports.push_back(std::make_unique<vmm::StreamPort>(ours.get()));
  const auto without = input.number<std::uint32_t>();
  vmm::NetworkDevice device({}, std::move(ports), loop, log);
  device.start(device.features() & ~std::uint64_t{without}, {&receive, &transmit}, guest.memory, transport);
  // So that a turn of the loop waits for nothing.
  vmm::Wakeup always(loop, [] {});
  while (!input.empty() && transport.failures.empty()) {
    switch (input.number<std::uint8_t>() % 5) {
      case 0:
        receive.add(segments(input), segments(input));
        device.kicked(0);
        break;
      case 1:
        transmit.add(segments(input), segments(input));
        device.kicked(1);
        break;
      case 2:
        send_from_host(input, host.get());
        break;
      case 3: {
        Bytes some(1024);
        (void)::recv(host.get(), some.data(), some.size(), MSG_DONTWAIT);
        break;
      }
      default:
        device.set_link((input.number<std::uint8_t>() & 1) != 0);
        break;
    }
    always.signal();
    loop.run_once();
  }
  bool stopped = false;
  device.stop([&] { stopped = true; });
  require(stopped);
  require(receive.order.size() == receive.used.size() && transmit.order.size() == transmit.used.size());
  return 0;
}
