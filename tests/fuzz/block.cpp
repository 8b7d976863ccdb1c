// SPDX-License-Identifier: LGPL-2.1-or-later
// Requests of any form to a block device, whose image answers anything. Nothing outside of the buffers that
// the driver gave is written, and each buffer comes back at most once. Input: records of a kind, and what
// that takes.
#include <cstdlib>
#include <set>

#include "driver/vmm/devices/block_device.hpp"
#include "driver/vmm/devices/block_layout.hpp"
#include "tests/driver/vmm/storage/fake_engine.hpp"
#include "tests/driver/vmm/virtio/listed_queue.hpp"
#include "tests/fuzz/input.hpp"

using namespace virtsev;
using namespace virtsev::fuzz;
using vmm::DmaSegment;
using vmm::test::ListedGuest;

namespace {

constexpr std::size_t kMemory = 64U << 10;

/// Segments near, in, and at the ends of the shared memory.
std::vector<DmaSegment> segments(Input& input) {
  std::vector<DmaSegment> some;
  for (unsigned count = input.number<std::uint8_t>() % 5; count > 0; --count) {
    const auto start = input.number<std::uint16_t>();
    const auto size = input.number<std::uint16_t>();
    const bool elsewhere = (start & 0xfff) == 0xfff;
    some.push_back({GuestAddress(elsewhere ? input.number<std::uint64_t>() : ListedGuest::kStart + start),
                    elsewhere ? input.number<std::uint64_t>() : size % 2048U});
  }
  return some;
}

/// A header that a driver might write, so that more than the check of it is reached.
DmaSegment header(Input& input, ListedGuest& guest) {
  Bytes bytes;
  append_le<std::uint32_t>(bytes, input.number<std::uint8_t>() % 16);
  append_le<std::uint32_t>(bytes, 0);
  append_le<std::uint64_t>(bytes, input.number<std::uint8_t>());
  const DmaSegment at{GuestAddress(ListedGuest::kStart), bytes.size()};
  (void)guest.memory.write(at.start, bytes);
  return at;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(ByteView(data, size));
  ListedGuest guest(kMemory);
  vmm::EventLoop loop;
  vmm::test::FakeEngine::Seen image;
  vmm::test::ListedTransport transport;
  vmm::test::ListedQueue queue;
  vmm::DeviceLog log("disk0", [](const std::string&) {});
  const auto kind = input.number<std::uint8_t>();
  vmm::ImageFacts facts;
  facts.size = 128 * 512;
  facts.direct = (kind & 1) != 0;
  facts.memory_alignment = facts.transfer_alignment = (kind & 2) != 0 ? 4096 : 512;
  vmm::BlockDevice device({(kind & 4) != 0, (kind & 8) != 0, false, "serial", 1}, facts,
                          spec::Disk::Flush((kind >> 4) % 3), std::make_unique<vmm::test::FakeEngine>(image),
                          loop, log);
  device.start(device.features(), {&queue}, guest.memory, transport);
  std::set<std::uint16_t> added;
  while (!input.empty() && transport.failures.empty()) {
    switch (input.number<std::uint8_t>() % 4) {
      case 0:
        added.insert(queue.add(segments(input), segments(input)));
        device.kicked(0);
        break;
      case 1: {
        std::vector<DmaSegment> readable = segments(input);
        readable.insert(readable.begin(), header(input, guest));
        added.insert(queue.add(std::move(readable), segments(input)));
        device.kicked(0);
        break;
      }
      case 2:
        if (!image.begun.empty()) {
          // As the kernel: no more than was asked for, or an error.
          const auto most = static_cast<std::int64_t>(vmm::size_of(image.begun.front()->pieces));
          const auto answer = input.number<std::uint8_t>();
          image.end_first(answer < 128 ? most : answer < 192 ? most / (answer - 126) : -(answer - 191));
        }
        break;
      default:
        device.write_configuration(32, ByteArray<1>{input.number<std::uint8_t>()});
        break;
    }
  }
  bool stopped = false;
  device.stop([&] { stopped = true; });
  while (!image.begun.empty()) {
    image.end_first();
  }
  require(stopped);
  require(queue.order.size() == queue.used.size());
  for (const std::uint16_t head : queue.order) {
    require(added.count(head) == 1);
  }
  return 0;
}
