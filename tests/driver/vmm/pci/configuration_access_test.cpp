// SPDX-License-Identifier: LGPL-2.1-or-later
// Both ways to configuration space lead to the same registers.
#include "driver/vmm/pci/configuration_access.hpp"

#include <gtest/gtest.h>

#include "driver/vmm/pci/pci_host.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr PciIdentity kIdentity{0x1234, 0x5678, 9, 0x0a0b0c, 0xaaaa, 0xbbbb};

class ConfigurationAccess : public testing::Test {
 protected:
  std::uint32_t read_port(std::uint16_t port, std::size_t size) {
    ByteArray<4> data{};
    buses_.ports.read(port, MutableBytes(data).first(size));
    return get_le<std::uint32_t>(data, 0);
  }
  void write_port(std::uint16_t port, std::uint32_t value, std::size_t size = 4) {
    ByteArray<4> data{};
    put_le<std::uint32_t>(data, 0, value);
    buses_.ports.write(port, ByteView(data).first(size));
  }
  std::uint32_t read_memory(std::uint64_t offset, std::size_t size) {
    ByteArray<4> data{};
    buses_.memory.read(layout::kPciEcam.start.value() + offset, MutableBytes(data).first(size));
    return get_le<std::uint32_t>(data, 0);
  }

  Buses buses_{{{layout::kMmio32.start.value(), layout::kMmio32.size},
                {layout::kPciEcam.start.value(), layout::kPciEcam.size}}};
  PciHost host_{buses_};
  PciFunction function_{"test", kIdentity, buses_.memory, bars_of_device(3)};
  PciBus::Attachment attachment_ = attach_or_throw(host_.bus(), "test", 3, function_);
};

TEST_F(ConfigurationAccess, TheHostBridgeIsWhatOvmfKnowsAQ35By) {
  EXPECT_EQ(read_memory(0, 4), 0x29c08086U);
  EXPECT_EQ(read_memory(0x0a, 2), 0x0600U) << "class";
  EXPECT_EQ(read_memory(0x0e, 1), 0U) << "header type";
}

TEST_F(ConfigurationAccess, MemoryIsWhereTheHostBridgeSaysIfItCanBeThere) {
  EXPECT_EQ(configuration_base(host_.bus()), layout::kPciEcam.start);
  const auto move = [&](std::uint32_t low) {
    write_port(0xcf8, 0x80000060);
    write_port(0xcfc, low);
  };
  const auto id_from = [&](std::uint64_t base) {
    ByteArray<4> data{};
    buses_.memory.read(base, data);
    return get_le<std::uint32_t>(data, 0);
  };
  move(0xc0000000);
  EXPECT_EQ(id_from(0xe0000000), 0x29c08086U) << "not enabled";
  move(0xc0000001);
  EXPECT_EQ(id_from(0xc0000000), 0x29c08086U);
  EXPECT_EQ(id_from(0xe0000000), 0xffffffffU);
  EXPECT_EQ(configuration_base(host_.bus()), GuestAddress(0xc0000000));
  move(0x10000001);  // RAM
  EXPECT_EQ(id_from(0xc0000000), 0x29c08086U);
  move(0xe0000001);
  EXPECT_EQ(id_from(0xe0000000), 0x29c08086U);
}

TEST_F(ConfigurationAccess, PortsReadBytesWordsAndDoubleWords) {
  write_port(0xcf8, 0x80001800);
  EXPECT_EQ(read_port(0xcf8, 4), 0x80001800U);
  EXPECT_EQ(read_port(0xcfc, 4), 0x56781234U);
  EXPECT_EQ(read_port(0xcfe, 2), 0x5678U);
  EXPECT_EQ(read_port(0xcfd, 1), 0x12U);
  write_port(0xcf8, 0x8000182c);
  EXPECT_EQ(read_port(0xcfc, 4), 0xbbbbaaaaU);
}

TEST_F(ConfigurationAccess, MemoryReadsTheSame) {
  EXPECT_EQ(read_memory(3 << 15, 4), 0x56781234U);
  EXPECT_EQ(read_memory((3 << 15) + 9, 1), 0x0cU);
  EXPECT_EQ(read_memory((3 << 15) + 0xa, 2), 0x0a0bU);
}

TEST_F(ConfigurationAccess, WhatOneWayWritesTheOtherReads) {
  write_port(0xcf8, 0x8000183c);
  write_port(0xcfc, 0x5a, 1);  // Interrupt line
  EXPECT_EQ(read_memory((3 << 15) + 0x3c, 1), 0x5aU);
}

TEST_F(ConfigurationAccess, WhereNothingIsOnesAreRead) {
  for (const std::uint32_t address : {0x80002000U, 0x80011800U, 0x80001900U, 0x00001800U}) {
    write_port(0xcf8, address);
    EXPECT_EQ(read_port(0xcfc, 4), 0xffffffffU) << address << ": device, bus, function, not enabled";
    write_port(0xcfc, 0);
  }
  EXPECT_EQ(read_memory(31 << 15, 4), 0xffffffffU);
  EXPECT_EQ(read_memory((1 << 20) + (3 << 15), 4), 0xffffffffU);
  EXPECT_EQ(read_memory((3 << 15) + (1 << 12), 4), 0xffffffffU);
  EXPECT_EQ(read_memory((3 << 15) + 0x100, 4), 0xffffffffU) << "no extended space";
  EXPECT_EQ(read_memory((3 << 15) + 0xfe, 4), 0xffff0000U) << "across its end";
}

TEST_F(ConfigurationAccess, OnlyADoubleWordIsTheAddress) {
  write_port(0xcf8, 0x80001800);
  write_port(0xcf8, 0xff, 1);
  write_port(0xcfa, 0xffff, 2);
  EXPECT_EQ(read_port(0xcf8, 4), 0x80001800U);
  EXPECT_EQ(read_port(0xcf8, 1), 0xffU);
}

TEST_F(ConfigurationAccess, NobodyWritesWhatAFunctionIs) {
  for (std::uint64_t offset = 0; offset < 256; ++offset) {
    if (offset == 0x04 || offset == 0x05 || offset == 0x0c || offset == 0x3c) {
      continue;
    }
    const std::uint64_t at = layout::kPciEcam.start.value() + (3 << 15) + offset;
    ByteArray<1> before{};
    ByteArray<1> after{};
    buses_.memory.read(at, before);
    const ByteArray<1> other{static_cast<std::uint8_t>(~before[0])};
    buses_.memory.write(at, other);
    buses_.memory.read(at, after);
    EXPECT_EQ(before, after) << offset;
  }
}

TEST_F(ConfigurationAccess, AFunctionComesAndGoes) {
  attachment_ = {};
  EXPECT_EQ(read_memory(3 << 15, 4), 0xffffffffU);
  attachment_ = attach_or_throw(host_.bus(), "test", 4, function_);
  EXPECT_EQ(read_memory(4 << 15, 4), 0x56781234U);
}

TEST_F(ConfigurationAccess, APlaceThatIsTakenOrNotThereIsRefused) {
  PciFunction other("other", kIdentity, buses_.memory, bars_of_device(4));
  EXPECT_EQ(host_.bus().attach(3, other).error(), PciRefusal::kTaken);
  EXPECT_EQ(host_.bus().attach(0, other).error(), PciRefusal::kTaken) << "the host bridge";
  EXPECT_EQ(host_.bus().attach(32, other).error(), PciRefusal::kNoSuchDevice);
  EXPECT_THROW((void)attach_or_throw(host_.bus(), "other", 3, other), Error);
}

}  // namespace
}  // namespace virtsev::vmm::test
