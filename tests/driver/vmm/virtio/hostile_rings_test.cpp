// SPDX-License-Identifier: LGPL-2.1-or-later
// Drivers that break the rules of virtio 1.2, section 2.7: each is found out, and named.
#include <gtest/gtest.h>

#include "tests/driver/vmm/virtio/driver_rings.hpp"

namespace virtsev::vmm::test {
namespace {

class HostileRings : public testing::Test {
 protected:
  /// Which rule take() says that the driver broke; nothing where it found none broken.
  std::string fault(bool indirect = true) {
    auto queue = SplitQueue::make(rings_.setup(), memory_.shared(), {indirect, false, {}});
    EXPECT_TRUE(queue.has_value());
    for (int i = 0; i < 20; ++i) {
      const auto chain = (*queue)->take();
      if (!chain) {
        return chain.error().what;
      }
      if (!*chain) {
        break;
      }
    }
    return {};
  }
  std::string fault_of(const QueueSetup& setup) {
    const auto queue = SplitQueue::make(setup, memory_.shared(), {});
    return queue ? std::string() : queue.error().what;
  }
  RawDescriptor buffer(std::uint32_t size, std::uint16_t flags = 0, std::uint16_t next = 0) {
    return {memory_.allocate(size), size, flags, next};
  }

  TestMemory memory_;
  DriverRings rings_{memory_};
};

#define EXPECT_NAMES(what, part) EXPECT_NE((what).find(part), std::string::npos) << (what)

TEST_F(HostileRings, ADescriptorThatIsItsOwnNext) {
  rings_.put(0, buffer(16, kNext, 0));
  rings_.offer(0);
  EXPECT_NAMES(fault(), "loop");
}

TEST_F(HostileRings, ALoopOfTwoDescriptors) {
  rings_.put(0, buffer(16, kNext, 1));
  rings_.put(1, buffer(16, kNext, 0));
  rings_.offer(0);
  EXPECT_NAMES(fault(), "loop");
}

TEST_F(HostileRings, ALoopInAnIndirectTable) {
  rings_.put(0, rings_.table({buffer(16, kNext, 1), buffer(16, kNext, 0)}, false));
  rings_.offer(0);
  EXPECT_NAMES(fault(), "loop");
}

TEST_F(HostileRings, AnIndirectChainThatIsLongerThanTheQueue) {
  rings_.put(0, rings_.table(std::vector<RawDescriptor>(9, buffer(1))));
  rings_.offer(0);
  EXPECT_NAMES(fault(), "more than 8 descriptors");
}

TEST_F(HostileRings, AnIndirectTableThatNamesItself) {
  const RawDescriptor self{GuestAddress(TestMemory::kStart + 0x8000), 16, kIndirect, 0};
  ByteArray<16> bytes{};
  put_le<std::uint64_t>(bytes, 0, self.address.value());
  put_le<std::uint32_t>(bytes, 8, self.size);
  put_le<std::uint16_t>(bytes, 12, self.flags);
  ASSERT_TRUE(memory_.shared().write(self.address, bytes));
  rings_.put(0, self);
  rings_.offer(0);
  EXPECT_NAMES(fault(), "within an indirect table");
}

TEST_F(HostileRings, AnIndirectTableWithANext) {
  RawDescriptor table = rings_.table({buffer(16)});
  table.flags |= kNext;
  rings_.put(0, table);
  rings_.offer(0);
  EXPECT_NAMES(fault(), "another one behind it");
}

TEST_F(HostileRings, AnIndirectTableThatWasNotNegotiated) {
  rings_.put(0, rings_.table({buffer(16)}));
  rings_.offer(0);
  EXPECT_NAMES(fault(false), "not negotiated");
}

TEST_F(HostileRings, AnIndirectTableOfHalfADescriptor) {
  for (const std::uint32_t size : {0U, 8U, 24U, 0xffffffffU}) {
    RawDescriptor table = rings_.table({buffer(16), buffer(16)});
    table.size = size;
    rings_.put(0, table);
    rings_.set_available(0);
    rings_.offer(0);
    EXPECT_NAMES(fault(), "not whole descriptors") << size;
  }
}

TEST_F(HostileRings, AnIndirectTableBeyondMemory) {
  for (const std::uint64_t address :
       {std::uint64_t{0}, TestMemory::kStart + TestMemory::kSize - 8, ~std::uint64_t{15}}) {
    rings_.put(0, {GuestAddress(address), 16, kIndirect, 0});
    rings_.set_available(0);
    rings_.offer(0);
    EXPECT_NAMES(fault(), "indirect table at") << address;
  }
}

TEST_F(HostileRings, ANextBeyondTheTable) {
  rings_.put(0, buffer(16, kNext, 8));
  rings_.offer(0);
  EXPECT_NAMES(fault(), "descriptor 8 in a table of 8");
}

TEST_F(HostileRings, AHeadBeyondTheTable) {
  rings_.offer(0xffff);
  EXPECT_NAMES(fault(), "descriptor 65535 in a table of 8");
}

TEST_F(HostileRings, ANextBeyondAnIndirectTable) {
  rings_.put(0, rings_.table({buffer(16, kNext, 1)}));
  rings_.offer(0);
  EXPECT_NAMES(fault(), "descriptor 1 in a table of 1");
}

TEST_F(HostileRings, ABufferForReadingBehindOneForWriting) {
  rings_.put_chain(0, {buffer(16, kWrite), buffer(16)});
  rings_.offer(0);
  EXPECT_NAMES(fault(), "behind one for writing");
}

TEST_F(HostileRings, LengthsPastMemory) {
  const std::uint64_t end = TestMemory::kStart + TestMemory::kSize;
  for (const RawDescriptor& beyond :
       {RawDescriptor{GuestAddress(end - 8), 9, 0, 0},
        RawDescriptor{GuestAddress(TestMemory::kStart), 0xffffffff, 0, 0},
        RawDescriptor{GuestAddress(0), 1, kWrite, 0}, RawDescriptor{GuestAddress(~0ULL), 2, 0, 0},
        RawDescriptor{GuestAddress(~0ULL - 0xff), 0x200, kWrite, 0}}) {
    rings_.put(0, beyond);
    rings_.set_available(0);
    rings_.offer(0);
    EXPECT_NAMES(fault(), "not in memory that the guest shares") << beyond.address.value();
  }
}

TEST_F(HostileRings, AnAvailableIndexThatRunsAhead) {
  rings_.set_available(9);
  EXPECT_NAMES(fault(), "is 9 ahead in a queue of 8");
}

TEST_F(HostileRings, AnAvailableIndexThatRunsBack) {
  rings_.set_available(0xffff);
  EXPECT_NAMES(fault(), "is 65535 ahead");
}

TEST_F(HostileRings, MoreBuffersInFlightThanTheQueueHas) {
  rings_.put(0, buffer(16));
  const auto queue = SplitQueue::make(rings_.setup(), memory_.shared(), {});
  for (int i = 0; i < 8; ++i) {
    rings_.offer(0);
    ASSERT_TRUE((*queue)->take()) << i;
  }
  rings_.offer(0);
  const auto ninth = (*queue)->take();
  ASSERT_FALSE(ninth);
  EXPECT_NAMES(ninth.error().what, "more than 8 buffers at once");
}

TEST_F(HostileRings, AQueueOfOnes) {
  const Bytes ones(16 * 8 + 22 + 70, 0xff);
  ASSERT_TRUE(memory_.shared().write(rings_.setup().descriptors, ones));
  EXPECT_FALSE(fault().empty());
}

TEST_F(HostileRings, RingsBeyondMemory) {
  for (const std::uint64_t address :
       {std::uint64_t{0}, TestMemory::kStart + TestMemory::kSize - 16, ~std::uint64_t{15}}) {
    for (GuestAddress QueueSetup::*ring :
         {&QueueSetup::descriptors, &QueueSetup::driver, &QueueSetup::device}) {
      QueueSetup setup = rings_.setup();
      setup.size = 16;
      setup.*ring = GuestAddress(address);
      EXPECT_NAMES(fault_of(setup), "a queue's rings") << address;
    }
  }
}

TEST_F(HostileRings, RingsThatAreNotAligned) {
  for (const auto& [ring, step] : {std::pair{&QueueSetup::descriptors, 8}, std::pair{&QueueSetup::driver, 1},
                                   std::pair{&QueueSetup::device, 2}}) {
    QueueSetup setup = rings_.setup();
    setup.*ring = setup.*ring + step;
    EXPECT_NAMES(fault_of(setup), "aligned");
  }
}

TEST_F(HostileRings, AQueueWithoutAPossibleSize) {
  for (const std::uint16_t size : {0, 3, 40000}) {
    QueueSetup setup = rings_.setup();
    setup.size = size;
    EXPECT_NAMES(fault_of(setup), "not a power of 2");
  }
}

}  // namespace
}  // namespace virtsev::vmm::test
