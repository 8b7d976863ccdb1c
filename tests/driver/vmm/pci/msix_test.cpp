// SPDX-License-Identifier: LGPL-2.1-or-later
// MSI-X: messages go where the guest wants them, when it does, and nowhere else.
#include "driver/vmm/pci/msix.hpp"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include "sevcore/base/error.hpp"
#include "sevcore/machine/memory_layout.hpp"
#include "tests/driver/vmm/fake_interrupts.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint64_t kBar = 0xc0000000;
constexpr std::size_t kCapability = 0x40;

class MsixTest : public testing::Test {
 protected:
  MsixTest() {
    messages_.add_to(function_, 0);
    const ByteArray<2> decode{2, 0};
    function_.write(4, decode);
  }
  void control(std::uint16_t value) {
    ByteArray<2> data{};
    put_le<std::uint16_t>(data, 0, value);
    function_.write(kCapability + 2, data);
  }
  template <typename Number>
  void put(std::uint64_t offset, Number value) {
    ByteArray<sizeof(Number)> data{};
    put_le<Number>(data, 0, value);
    bus_.write(kBar + offset, data);
  }
  template <typename Number>
  Number get(std::uint64_t offset) {
    ByteArray<sizeof(Number)> data{};
    bus_.read(kBar + offset, data);
    return get_le<Number>(data, 0);
  }
  void set_entry(std::uint64_t vector, std::uint64_t address, std::uint32_t data, std::uint32_t masked = 0) {
    put<std::uint32_t>(16 * vector + 12, 1);
    put<std::uint64_t>(16 * vector, address);
    put<std::uint32_t>(16 * vector + 8, data);
    put<std::uint32_t>(16 * vector + 12, masked);
  }
  /// How often the vector's event was written since the last call.
  std::uint64_t sent(std::uint32_t vector) {
    eventfd_t count = 0;
    (void)::eventfd_read(fake_.connected.at(layout::kIoApicPins + vector), &count);
    return count;
  }

  FakeInterrupts fake_;
  Interrupts interrupts_{fake_, layout::kIoApicPins};
  Bus bus_{{{kBar, 0x10000}}};
  Msix messages_{interrupts_, 3};
  PciFunction function_{"test", {}, bus_, GuestAddress(kBar)};
};

TEST_F(MsixTest, TheCapabilitySaysHowManyThereAreAndWhere) {
  ByteArray<12> data{};
  function_.read(kCapability, data);
  EXPECT_EQ(data[0], 0x11);
  EXPECT_EQ(get_le<std::uint16_t>(data, 2), 2) << "one less than there are";
  EXPECT_EQ(get_le<std::uint32_t>(data, 4), 0U);
  EXPECT_EQ(get_le<std::uint32_t>(data, 8), Msix::kPendingOffset);
}

TEST_F(MsixTest, AMessageIsSentOnceItIsOn) {
  set_entry(1, 0xfee01000, 0x41);
  messages_.send(1);
  EXPECT_EQ(sent(1), 0U) << "off";
  control(0x8000);
  ASSERT_EQ(fake_.routes.size(), 1U);
  EXPECT_EQ(fake_.routes[0].message, (MsiMessage{0xfee01000, 0x41}));
  messages_.send(1);
  messages_.send(1);
  EXPECT_EQ(sent(1), 2U);
  EXPECT_EQ(sent(0), 0U);
}

TEST_F(MsixTest, AMaskedMessageIsPendingUntilTheMaskIsTakenOff) {
  control(0x8000);
  set_entry(2, 0xfee00000, 0x30, 1);
  messages_.send(2);
  messages_.send(2);
  EXPECT_EQ(sent(2), 0U);
  EXPECT_EQ(get<std::uint64_t>(Msix::kPendingOffset), 4U);
  put<std::uint32_t>(16 * 2 + 12, 0);
  EXPECT_EQ(sent(2), 1U) << "once";
  EXPECT_EQ(get<std::uint64_t>(Msix::kPendingOffset), 0U);
}

TEST_F(MsixTest, AllMessagesAreMaskedAtOnce) {
  set_entry(0, 0xfee00000, 0x30);
  control(0xc000);
  messages_.send(0);
  EXPECT_EQ(sent(0), 0U);
  EXPECT_EQ(get<std::uint8_t>(Msix::kPendingOffset), 1U);
  control(0x8000);
  EXPECT_EQ(sent(0), 1U);
}

TEST_F(MsixTest, WhatIsPendingIsForgottenWhereTheyAreSwitchedOff) {
  set_entry(0, 0xfee00000, 0x30);
  control(0xc000);
  messages_.send(0);
  control(0x4000);
  control(0x8000);
  EXPECT_EQ(sent(0), 0U);
}

TEST_F(MsixTest, AVectorThatIsNotThereIsNotSent) {
  control(0x8000);
  messages_.send(3);
  messages_.send(0xffff);
  messages_.send(~std::size_t{0});
  for (std::uint32_t vector = 0; vector < 3; ++vector) {
    EXPECT_EQ(sent(vector), 0U);
  }
}

TEST_F(MsixTest, ATableOfOnesHarmsNobody) {
  control(0x8000);
  for (std::uint64_t offset = 0; offset < Msix::kBarSize; offset += 8) {
    put<std::uint64_t>(offset, ~0ULL);
  }
  EXPECT_EQ(get<std::uint32_t>(12), 1U) << "all but the mask is reserved";
  for (std::uint64_t vector = 0; vector < 3; ++vector) {
    put<std::uint32_t>(16 * vector + 12, 0xfffffffe);
    messages_.send(vector);
  }
  EXPECT_TRUE(fake_.routes.empty());
  EXPECT_EQ(sent(0), 0U);
  set_entry(0, 0xfee00000, 0x30);
  EXPECT_EQ(sent(0), 1U) << "it waited for a message that is one";
}

TEST_F(MsixTest, AMessageToMemoryIsNotWritten) {
  control(0x8000);
  for (const std::uint64_t address : {0ULL, 0x1000000ULL, 0xfec00000ULL, 0x1fee00000ULL, 0xfef00000ULL}) {
    set_entry(0, address, 0x30);
    messages_.send(0);
    EXPECT_EQ(sent(0), 0U) << address;
  }
  EXPECT_TRUE(fake_.routes.empty());
}

TEST_F(MsixTest, AMessageThatKvmRefusesIsNotSent) {
  fake_.refused_address = 0xfee55000;
  control(0x8000);
  set_entry(0, 0xfee55000, 0x30);
  messages_.send(0);
  EXPECT_EQ(sent(0), 0U);
}

TEST_F(MsixTest, TheTableReadsBackInAnyWidth) {
  set_entry(1, 0x1122334455667788, 0x99aabbcc, 1);
  EXPECT_EQ(get<std::uint8_t>(16), 0x88);
  EXPECT_EQ(get<std::uint16_t>(18), 0x5566);
  EXPECT_EQ(get<std::uint64_t>(24), 0x199aabbccULL);
  EXPECT_EQ(get<std::uint64_t>(44), 1U) << "the last entry's control, and what is behind it";
  put<std::uint8_t>(17, 0xee);
  EXPECT_EQ(get<std::uint32_t>(16), 0x5566ee88U);
}

TEST_F(MsixTest, PendingBitsCantBeWritten) {
  put<std::uint64_t>(Msix::kPendingOffset, ~0ULL);
  EXPECT_EQ(get<std::uint64_t>(Msix::kPendingOffset), 0U);
}

TEST_F(MsixTest, TheInterruptsAreGivenBack) {
  EXPECT_EQ(fake_.connected.size(), 3U);
  {
    const Msix more(interrupts_, 2);
    EXPECT_EQ(fake_.connected.size(), 5U);
  }
  EXPECT_EQ(fake_.connected.size(), 3U);
}

}  // namespace
}  // namespace virtsev::vmm::test
