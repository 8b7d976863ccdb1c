// SPDX-License-Identifier: LGPL-2.1-or-later
// Each access reaches the one device that is there, and none that has gone.
#include "driver/vmm/bus/bus.hpp"

#include <atomic>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "sevcore/base/error.hpp"

namespace virtsev::vmm::test {
namespace {

using Writes = std::vector<std::pair<std::uint64_t, std::uint8_t>>;

/// Answers with its mark plus the offset, and remembers what it was told.
class Recorder : public ByteDevice {
 public:
  explicit Recorder(std::uint8_t mark) : mark_(mark) {}
  Writes writes;

 private:
  std::uint8_t read_register(std::uint64_t offset) override {
    return static_cast<std::uint8_t>(mark_ + offset);
  }
  void write_register(std::uint64_t offset, std::uint8_t value) override {
    writes.emplace_back(offset, value);
  }
  std::uint8_t mark_;
};

/// Calls back, in the middle of an access.
class Calling : public BusDevice {
 public:
  void read(std::uint64_t, MutableBytes data) override { on_read(data); }
  void write(std::uint64_t, ByteView) override {}
  std::function<void(MutableBytes)> on_read;
};

class BusTest : public testing::Test {
 protected:
  template <std::size_t N>
  ByteArray<N> read(std::uint64_t address) {
    ByteArray<N> data{};
    bus_.read(address, data);
    return data;
  }
  BusRefusal refusal_of(const char* name, BusRange range) {
    const auto attached = bus_.attach(name, range, other_);
    EXPECT_FALSE(attached.has_value()) << name;
    return attached.has_value() ? BusRefusal{} : attached.error();
  }

  Recorder one_{0x10};
  Recorder other_{0x80};
  Bus bus_{{{0, 0x10000}}};
  Bus::Attachment attached_one_ = attach_or_throw(bus_, "one", {0x3f8, 8}, one_);
  Bus::Attachment attached_other_ = attach_or_throw(bus_, "other", {0x70, 2}, other_);
};

TEST_F(BusTest, FindsTheDeviceAndItsRegister) {
  EXPECT_EQ(read<1>(0x3f8)[0], 0x10);
  EXPECT_EQ(read<1>(0x3ff)[0], 0x17);
  EXPECT_EQ(read<1>(0x71)[0], 0x81);
  bus_.write(0x3fa, Bytes{7});
  EXPECT_EQ(one_.writes, (Writes{{2, 7}}));
  EXPECT_TRUE(other_.writes.empty());
}

TEST_F(BusTest, SplitsWideAccessesForByteDevices) {
  EXPECT_EQ(read<2>(0x70), (ByteArray<2>{0x80, 0x81}));
  bus_.write(0x70, Bytes{1, 2});
  EXPECT_EQ(other_.writes, (Writes{{0, 1}, {1, 2}}));
}

TEST_F(BusTest, AnswersOnesWhereNoDeviceIs) {
  EXPECT_EQ(read<4>(0x80), (ByteArray<4>{0xff, 0xff, 0xff, 0xff}));
  EXPECT_EQ(read<1>(0)[0], 0xff);
  EXPECT_EQ(read<1>(0xffff)[0], 0xff);
  bus_.write(0x80, Bytes{1});
}

TEST_F(BusTest, AnswersOnesWhereAnAccessCrossesTheEndOfADevice) {
  EXPECT_EQ(read<2>(0x3ff), (ByteArray<2>{0xff, 0xff}));
  EXPECT_EQ(read<2>(0x6f), (ByteArray<2>{0xff, 0xff}));
  EXPECT_EQ(read<4>(0xfffe), (ByteArray<4>{0xff, 0xff, 0xff, 0xff}));
  bus_.write(0x3ff, Bytes{1, 2});
  EXPECT_TRUE(one_.writes.empty());
}

TEST_F(BusTest, AnAccessAtTheEndOfAllAddressesHarmsNobody) {
  EXPECT_EQ(read<8>(~0ULL - 3), (ByteArray<8>{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}));
}

TEST_F(BusTest, RefusesWhatOverlapsAndLeavesRoomForWhatDoesNot) {
  EXPECT_EQ(refusal_of("end", {0x3ff, 1}), BusRefusal::kOverlap);
  EXPECT_EQ(refusal_of("beginning", {0x3f0, 9}), BusRefusal::kOverlap);
  EXPECT_EQ(refusal_of("around", {0, 0x1000}), BusRefusal::kOverlap);
  EXPECT_EQ(refusal_of("the same", {0x3f8, 8}), BusRefusal::kOverlap);
  EXPECT_TRUE(bus_.attach("before", {0x3f0, 8}, other_).has_value());
  EXPECT_TRUE(bus_.attach("behind", {0x400, 1}, other_).has_value());
}

TEST_F(BusTest, RefusesWhatIsNotWithinItsWindows) {
  EXPECT_EQ(refusal_of("beyond", {0xffff, 2}), BusRefusal::kOutside);
  EXPECT_EQ(refusal_of("nothing", {0x100, 0}), BusRefusal::kOutside);
  EXPECT_EQ(refusal_of("wrapping", {0x100, ~0ULL}), BusRefusal::kOutside);
  EXPECT_EQ(refusal_of("far", {~0ULL, 1}), BusRefusal::kOutside);
  EXPECT_TRUE(bus_.attach("last", {0xffff, 1}, other_).has_value());
}

TEST_F(BusTest, RefusesANameThatAnotherRangeHas) {
  EXPECT_EQ(refusal_of("one", {0x100, 1}), BusRefusal::kNameTaken);
}

TEST_F(BusTest, ADeviceOfTheMachineThatIsRefusedIsNamed) {
  try {
    (void)attach_or_throw(bus_, "unlucky", {0x3f8, 1}, other_);
    FAIL() << "it was not refused";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("unlucky"), std::string::npos) << error.what();
  }
}

TEST_F(BusTest, ADetachedDeviceIsNotReachedAnyMore) {
  attached_one_ = {};
  EXPECT_EQ(read<1>(0x3f8)[0], 0xff);
  EXPECT_EQ(bus_.names(), std::vector<std::string>{"other"});
  EXPECT_TRUE(bus_.attach("one", {0x3f8, 8}, other_).has_value());
}

TEST_F(BusTest, AMovedDeviceIsAtItsNewPlaceAlone) {
  ASSERT_TRUE(attached_one_.move_to(0x3fc));  // Onto itself, partly
  EXPECT_EQ(attached_one_.range().start, 0x3fcU);
  EXPECT_EQ(read<1>(0x3fc)[0], 0x10);
  EXPECT_EQ(read<1>(0x3fb)[0], 0xff);
  ASSERT_TRUE(attached_one_.move_to(0x10));
  EXPECT_EQ(bus_.names(), (std::vector<std::string>{"one", "other"}));
}

TEST_F(BusTest, AMoveThatIsRefusedChangesNothing) {
  EXPECT_EQ(attached_one_.move_to(0x6f).error(), BusRefusal::kOverlap);
  EXPECT_EQ(attached_one_.move_to(0xfff9).error(), BusRefusal::kOutside);
  EXPECT_EQ(read<1>(0x3f8)[0], 0x10);
}

TEST_F(BusTest, ADeviceMovesInTheMiddleOfItsOwnAccess) {
  Calling device;
  Bus::Attachment attachment = attach_or_throw(bus_, "moving", {0x1000, 16}, device);
  device.on_read = [&](MutableBytes data) {
    EXPECT_TRUE(attachment.move_to(0x2000));
    data[0] = 5;
  };
  EXPECT_EQ(read<1>(0x1000)[0], 5);
  EXPECT_EQ(read<1>(0x1000)[0], 0xff);
}

TEST_F(BusTest, DetachingWaitsForTheAccessThatIsInTheDevice) {
  Calling device;
  std::optional<Bus::Attachment> attachment = attach_or_throw(bus_, "busy", {0x1000, 1}, device);
  std::atomic<bool> inside = false;
  std::atomic<bool> detached = false;
  device.on_read = [&](MutableBytes data) {
    inside = true;
    inside.notify_all();
    while (bus_.names().size() == 3) {  // Until the other thread has begun to take the device off
      std::this_thread::yield();
    }
    EXPECT_FALSE(detached);
    data[0] = 5;
  };
  std::thread vcpu([&] { EXPECT_EQ(read<1>(0x1000)[0], 5); });
  inside.wait(false);
  attachment.reset();
  detached = true;
  vcpu.join();
}

TEST_F(BusTest, AnAccessThatThrowsHasEndedToo) {
  Calling device;
  std::optional<Bus::Attachment> attachment = attach_or_throw(bus_, "failing", {0x1000, 1}, device);
  device.on_read = [](MutableBytes) { throw Error(ErrorCode::kInternal, "failing"); };
  EXPECT_THROW(read<1>(0x1000), Error);
  attachment.reset();  // Would wait for ever
}

TEST_F(BusTest, DevicesComeMoveAndGoWhileVcpusUseThem) {
  constexpr int kVcpus = 3;
  constexpr int kRounds = 2000;
  struct Living : ByteDevice {
    ~Living() override { alive = false; }
    std::uint8_t read_register(std::uint64_t) override {
      EXPECT_TRUE(alive);
      return 7;
    }
    void write_register(std::uint64_t, std::uint8_t) override { EXPECT_TRUE(alive); }
    std::atomic<bool> alive = true;
  };
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> answered = 0;
  std::vector<std::thread> vcpus;
  for (int id = 0; id < kVcpus; ++id) {
    vcpus.emplace_back([&] {
      while (!stop) {
        for (const std::uint64_t port : {0x1000, 0x2000}) {
          const std::uint8_t value = read<1>(port)[0];
          EXPECT_TRUE(value == 7 || value == 0xff) << value;
          answered += value == 7 ? 1 : 0;
          bus_.write(port, Bytes{1});
        }
        EXPECT_EQ(read<1>(0x70)[0], 0x80);  // Others are not concerned
      }
    });
  }
  for (int round = 0; round < kRounds || answered == 0; ++round) {
    Living device;
    Bus::Attachment attachment = attach_or_throw(bus_, "living", {0x1000, 4}, device);
    EXPECT_TRUE(attachment.move_to(0x2000));
    std::this_thread::yield();
  }
  stop = true;
  for (std::thread& vcpu : vcpus) {
    vcpu.join();
  }
}

}  // namespace
}  // namespace virtsev::vmm::test
