// SPDX-License-Identifier: LGPL-2.1-or-later
// A virtio device on PCI from its driver's point of view: found, set up, kicked, reset
// (virtio 1.2, 3.1, 4.1).
#include "tests/driver/vmm/virtio/transport_fixture.hpp"

namespace virtsev::vmm::test {
namespace {

using namespace virtio;

TEST_F(PciTransportTest, IsAModernVirtioFunction) {  // 4.1.2
  ByteArray<12> header{};
  function_.read(0, header);
  EXPECT_EQ(get_le<std::uint16_t>(header, 0), 0x1af4);
  EXPECT_EQ(get_le<std::uint16_t>(header, 2), 0x1044);
  EXPECT_EQ(header[8], 1) << "revision";
}

TEST_F(PciTransportTest, ItsCapabilitiesLeadToAllStructures) {  // 4.1.4
  std::vector<int> types;
  ByteArray<1> next{};
  function_.read(0x34, next);
  for (int i = 0; next[0] != 0 && i < 48; ++i) {
    ByteArray<16> capability{};
    function_.read(next[0], capability);
    if (capability[0] == 0x09) {
      types.push_back(capability[3]);
      EXPECT_EQ(capability[4], 0) << "BAR";
      if (capability[3] != 5) {
        EXPECT_LE(get_le<std::uint32_t>(capability, 8) + get_le<std::uint32_t>(capability, 12),
                  PciTransport::kBarSize);
      }
    }
    next[0] = capability[1];
  }
  EXPECT_EQ(types, (std::vector<int>{1, 3, 4, 2, 5}));
}

TEST_F(PciTransportTest, ADriverSetsTheDeviceUpAndItsBuffersComeBack) {
  switch_messages_on();
  start();
  offer_buffer();
  (void)::eventfd_write(doorbell(0), 1);
  expect_message(0);
  EXPECT_EQ(rings_.used(), 1);
}

TEST_F(PciTransportTest, BuffersThatWereThereBeforeTheStartAreTaken) {
  switch_messages_on();
  offer_buffer();
  start();
  expect_message(0);
  EXPECT_EQ(rings_.used(), 1);
}

TEST_F(PciTransportTest, AKickThatKvmDidNotTakeComesByTheBus) {
  start();
  const std::size_t before = told_.times("kicked 0");
  put<std::uint16_t>(PciTransport::kNotifyOffset, 0);
  EXPECT_TRUE(told_.wait_for("kicked 0", before + 1));
}

TEST_F(PciTransportTest, DoorbellsGoWhereTheBarGoes) {
  EXPECT_GE(doorbell(0), 0);
  EXPECT_GE(doorbell(1), 0);
  decode(false);
  EXPECT_TRUE(fake_.doorbells.empty());
  decode(true);
  EXPECT_EQ(fake_.doorbells.size(), 2U);
}

TEST_F(PciTransportTest, AResetStopsTheDeviceAndReadsAsZeroOnceItHasStopped) {  // 2.4.2
  device_.holds = true;
  start();
  set_status(0);
  EXPECT_NE(status(), 0);
  ASSERT_TRUE(told_.wait_for("stop"));
  EXPECT_NE(status(), 0);
  set_status(kAcknowledge | kDriver);  // Too early: ignored
  EXPECT_TRUE(status() & kDriverOk);
  (void)::eventfd_write(release_.get(), 1);
  while (status() != 0) {
    std::this_thread::yield();
  }
  device_.holds = false;
  start();
  EXPECT_TRUE(told_.wait_for("start", 2));
}

TEST_F(PciTransportTest, TheDevicesConfigurationIsReadAndWrittenWithinItsSize) {
  EXPECT_EQ(get<std::uint32_t>(PciTransport::kDeviceOffset), 0x04030201U);
  put<std::uint16_t>(PciTransport::kDeviceOffset + 2, 0xaabb);
  EXPECT_EQ(get<std::uint32_t>(PciTransport::kDeviceOffset), 0xaabb0201U);
  put<std::uint32_t>(PciTransport::kDeviceOffset + 2, 0xffffffff);
  EXPECT_EQ(get<std::uint32_t>(PciTransport::kDeviceOffset), 0xaabb0201U) << "across its end";
  EXPECT_EQ(get<std::uint64_t>(PciTransport::kDeviceOffset), 0U);
}

TEST_F(PciTransportTest, AChangedConfigurationHasANewGenerationAndInterrupts) {  // 4.1.4.3.1, 2.3
  switch_messages_on();
  put<std::uint16_t>(16, 2);
  const auto before = get<std::uint8_t>(21);
  transport_.configuration_changed();
  expect_message(2);
  EXPECT_NE(get<std::uint8_t>(21), before);
}

TEST_F(PciTransportTest, ItsRegistersAreReachedByConfigurationSpace) {  // 4.1.4.9
  ByteArray<1> at{};
  function_.read(0x34, at);
  ByteArray<16> capability{};
  while (at[0] != 0) {
    function_.read(at[0], capability);
    if (capability[0] == 9 && capability[3] == 5) {
      break;
    }
    at[0] = capability[1];
  }
  ASSERT_NE(at[0], 0);
  decode(false);
  const auto write = [&](std::size_t offset, std::uint32_t value) {
    ByteArray<4> data{};
    put_le<std::uint32_t>(data, 0, value);
    function_.write(at[0] + offset, data);
  };
  const auto read_data = [&] {
    ByteArray<4> data{};
    function_.read(at[0] + 16U, data);
    return get_le<std::uint32_t>(data, 0);
  };
  write(8, PciTransport::kDeviceOffset);
  write(12, 4);
  EXPECT_EQ(read_data(), 0x04030201U);
  write(16, 0x11223344);
  EXPECT_EQ(read_data(), 0x11223344U);
  for (const auto& [offset, length] :
       {std::pair{1U, 4U}, {0U, 3U}, {0U, 8U}, {0U, 0U}, {0x4000U, 4U}, {0xfffffffcU, 4U}}) {
    write(8, offset);
    write(12, length);
    write(16, 0xffffffff);
    EXPECT_EQ(device_.configuration, (ByteArray<4>{0x44, 0x33, 0x22, 0x11}));
    (void)read_data();
  }
}

TEST_F(PciTransportTest, ARunningDeviceIsStoppedWhenItGoes) {
  {
    EchoDevice device(told_);
    Msix messages(interrupts_, 3);
    PciTransport transport(
        {"gone", device, messages, memory_.shared(), thread_.loop(), fake_, [](const auto&) {}});
    const auto put_byte = [&](std::uint64_t offset, std::uint8_t value) {
      transport.write(offset, ByteView(&value, 1));
    };
    ByteArray<4> high{};
    put_le<std::uint32_t>(high, 0, 1);
    transport.write(8, high);
    put_le<std::uint32_t>(high, 0, kRequiredFeatures >> 32);
    transport.write(12, high);
    put_byte(20, kFeaturesOk);
    put_byte(20, kFeaturesOk | kDriverOk);
  }
  EXPECT_EQ(told_.times("start"), told_.times("stop"));
}

}  // namespace
}  // namespace virtsev::vmm::test
