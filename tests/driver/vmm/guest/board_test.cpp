// SPDX-License-Identifier: LGPL-2.1-or-later
// Devices that come to a machine and go again, with a guest that helps, does not, or is hostile.
#include "driver/vmm/guest/board.hpp"

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/vmm/loop/io_thread.hpp"
#include "sevcore/base/unique_fd.hpp"
#include "tests/driver/vmm/fake_interrupts.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint8_t kFirstPort = 5;  // Device numbers of the ports 1 and 2
constexpr std::uint32_t kBars = 0xd0000000;

std::size_t open_descriptors() {
  DIR* const directory = ::opendir("/proc/self/fd");
  std::size_t count = 0;
  while (::readdir(directory) != nullptr) {
    ++count;
  }
  ::closedir(directory);
  return count;
}

class BoardTest : public testing::Test {
 protected:
  BoardTest() {
    EXPECT_EQ(::ftruncate(image_.get(), 1 << 20), 0);
    board_.on_removed([this](const std::string& id) { removed_.push_back(id); });
    for (const std::uint8_t port : {1, 2}) {
      write(0, device_of(port), 0x18, std::uint32_t{port} << 16 | std::uint32_t{port} << 8, 4);
    }
  }
  static std::uint8_t device_of(std::uint8_t port) {
    return static_cast<std::uint8_t>(kFirstPort + port - 1);
  }

  static std::uint64_t ecam(std::uint8_t bus, std::uint8_t device, std::size_t offset) {
    return layout::kPciEcam.start.value() + (std::uint64_t{bus} << 20) + (std::uint64_t{device} << 15) +
           offset;
  }
  std::uint32_t read(std::uint8_t bus, std::uint8_t device, std::size_t offset, std::size_t size) {
    ByteArray<4> data{};
    board_.buses().memory.read(ecam(bus, device, offset), MutableBytes(data).first(size));
    return get_le<std::uint32_t>(data, 0);
  }
  void write(std::uint8_t bus, std::uint8_t device, std::size_t offset, std::uint32_t value,
             std::size_t size) {
    ByteArray<4> data{};
    put_le<std::uint32_t>(data, 0, value);
    board_.buses().memory.write(ecam(bus, device, offset), ByteView(data).first(size));
  }
  std::size_t express(std::uint8_t port) {
    std::size_t next = read(0, device_of(port), 0x34, 1);
    while (next != 0 && read(0, device_of(port), next, 1) != 0x10) {
      next = read(0, device_of(port), next + 1, 1);
    }
    return next;
  }
  void control(std::uint8_t port, std::uint32_t value) {
    write(0, device_of(port), express(port) + 0x18, value, 2);
  }
  /// What Linux does with a device that came: power, registers, messages.
  void take(std::uint8_t port) {
    write(0, device_of(port), express(port) + 0x1a, 0x1f, 2);
    control(port, 0x1131);
    write(port, 0, 0x10, kBars, 4);
    write(port, 0, 0x14, kBars + 0x10000, 4);
    write(port, 0, 0x04, 0x0406, 2);
    EXPECT_EQ(read(port, 0, 0, 2), 0x1af4U);
  }
  /// And with one that it lets go of.
  void let_go(std::uint8_t port) {
    write(port, 0, 0x04, 0, 2);
    control(port, 0x1531);
    control(port, 0x1731);
    loop_.run_once();
  }

  DeviceOptions disk(std::uint8_t port, const std::string& id = "virtio-disk1") {
    OnPci<spec::Disk> options{id, {0, port}, {}};
    options.kind.image = {image_.get(), "image"};
    return options;
  }
  DeviceOptions interface(std::uint8_t port) {
    OnPci<spec::Interface> options{"net1", {0, port}, {}};
    options.kind.stream = stream_[0];
    return options;
  }
  template <typename Call>
  static std::optional<ErrorCode> code_of(const Call& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.code();
    }
    return std::nullopt;
  }

  UniqueFd image_{::memfd_create("image", MFD_CLOEXEC)};
  std::array<int, 2> stream_ = [] {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    return ends;
  }();
  UniqueFd ours_{stream_[0]}, theirs_{stream_[1]};
  FakeInterrupts fake_;
  EventLoop loop_;
  IoThread devices_{"devices"};
  SharedMemory memory_;
  std::vector<std::string> removed_;
  Board board_{
      {fake_,
       fake_,
       loop_,
       devices_.loop(),
       memory_,
       {{"bars", MemoryMap::Kind::kWindow, layout::kMmio32.start, layout::kMmio32.size, nullptr},
        {"ecam", MemoryMap::Kind::kWindow, layout::kPciEcam.start, layout::kPciEcam.size, nullptr}}},
      {OnPci<spec::RootPort>{"pci.1", {kFirstPort}, {1}},
       OnPci<spec::RootPort>{"pci.2", {kFirstPort + 1}, {2}}, OnPci<spec::Entropy>{"rng0", {3}, {}}}};
};

TEST_F(BoardTest, DevicesComeAndGoAndLeaveNothingBehind) {
  const std::size_t connected = fake_.connected.size();
  const std::size_t descriptors = open_descriptors();
  for (std::size_t round = 1; round <= 20; ++round) {
    board_.attach(disk(1));
    board_.attach(interface(2));
    EXPECT_EQ(board_.plugged(), (std::vector<std::string>{"virtio-disk1", "net1"}));
    EXPECT_EQ(board_.figures().disks.size(), 1U);
    take(1);
    write(1, 0, 0x04, 0, 2);  // Both have the same place for their registers
    take(2);
    EXPECT_FALSE(fake_.doorbells.empty());
    board_.detach("virtio-disk1");
    board_.detach("net1");
    EXPECT_EQ(board_.plugged().size(), 2U) << "it is asked";
    let_go(2);
    let_go(1);
    EXPECT_TRUE(board_.plugged().empty());
    EXPECT_EQ(removed_.size(), 2 * round);
  }
  EXPECT_EQ(removed_.front(), "net1");
  EXPECT_EQ(fake_.connected.size(), connected);
  EXPECT_TRUE(fake_.doorbells.empty());
  EXPECT_TRUE(fake_.routes.empty());
  EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_F(BoardTest, AGuestThatNeverAnswersKeepsItsDeviceAndAnotherPlaceIsFree) {
  board_.attach(disk(1));
  take(1);
  for (int i = 0; i < 3; ++i) {
    board_.detach("virtio-disk1");
  }
  EXPECT_EQ(board_.plugged().size(), 1U);
  EXPECT_EQ(read(1, 0, 0, 2), 0x1af4U);
  EXPECT_EQ(code_of([&] { board_.attach(interface(1)); }), ErrorCode::kOperationInvalid);
  board_.attach(interface(2));
  EXPECT_TRUE(removed_.empty());
}

TEST_F(BoardTest, ADeviceThatTheGuestNeverTookGoesAtOnce) {
  board_.attach(disk(1));
  board_.detach("virtio-disk1");
  EXPECT_EQ(removed_, std::vector<std::string>{"virtio-disk1"});
  EXPECT_TRUE(board_.plugged().empty());
}

TEST_F(BoardTest, AGuestThatSwitchesASlotOffUnaskedLosesItsDevice) {
  board_.attach(disk(1));
  take(1);
  let_go(1);
  EXPECT_EQ(removed_, std::vector<std::string>{"virtio-disk1"});
}

TEST_F(BoardTest, WhatCantComeChangesNothing) {
  EXPECT_EQ(code_of([&] { board_.attach(disk(0)); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of([&] { board_.attach(disk(9)); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of([&] { board_.attach(disk(1, "rng0")); }), ErrorCode::kOperationInvalid);
  EXPECT_EQ(code_of([&] {
              board_.attach(OnPci<spec::RootPort>{"pci.3", {0, 1}, {3}});
            }),
            ErrorCode::kInvalidArgument);
  OnPci<spec::Disk> no_image{"virtio-disk1", {0, 1}, {}};
  no_image.kind.image = {stream_[0], "socket"};
  EXPECT_EQ(code_of([&] { board_.attach(no_image); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of([&] {
              board_.attach(OnPci<spec::Interface>{"net1", {0, 1}, {}});
            }),
            ErrorCode::kInvalidArgument);
  EXPECT_TRUE(board_.plugged().empty());
  board_.attach(disk(1));
  EXPECT_EQ(code_of([&] { board_.attach(disk(2)); }), ErrorCode::kOperationInvalid) << "the same id";
}

TEST_F(BoardTest, WhatIsNoneOrStaysIsNotTakenOut) {
  for (const char* id : {"virtio-disk1", "rng0", "pci.1", ""}) {
    EXPECT_EQ(code_of([&] { board_.detach(id); }), ErrorCode::kInvalidArgument) << id;
  }
}

TEST_F(BoardTest, AHostileGuestThatWritesEverywhereHarmsNobody) {
  const std::size_t connected = fake_.connected.size();
  std::uint32_t noise = 1;
  for (int round = 0; round < 50; ++round) {
    if (board_.plugged().empty()) {
      board_.attach(disk(1));
    }
    for (std::size_t offset = 0; offset < 256; offset += 4) {
      noise = noise * 1664525 + 1013904223;
      write(0, device_of(1), offset, noise, 4);
      write(1, 0, offset, ~noise, 4);
      (void)read(static_cast<std::uint8_t>(noise >> 8), static_cast<std::uint8_t>(noise >> 27), offset, 4);
    }
    if (!removed_.empty() || round % 10 == 9) {
      removed_.clear();
    }
    board_.detach(board_.plugged().front());
    control(1, 0x1131);
    control(1, 0x1731);
    if (!board_.plugged().empty()) {
      loop_.run_once();
    }
    EXPECT_TRUE(board_.plugged().empty()) << round;
  }
  EXPECT_EQ(fake_.connected.size(), connected);
  EXPECT_TRUE(fake_.doorbells.empty());
}

TEST_F(BoardTest, AGuestThatSwitchesASlotOnAndOffHasItsDeviceTakenOutOnce) {
  board_.attach(disk(1));
  for (int i = 0; i < 100; ++i) {
    control(1, 0x1131);
    control(1, 0x1731);
  }
  loop_.run_once();
  EXPECT_EQ(removed_.size(), 1U);
  board_.attach(disk(1));
  EXPECT_EQ(board_.plugged().size(), 1U);
}

}  // namespace
}  // namespace virtsev::vmm::test
