// SPDX-License-Identifier: LGPL-2.1-or-later
// Drivers that break the rules at the transport: their device stops until they reset it, and nothing else
// does.
#include "tests/driver/vmm/virtio/transport_fixture.hpp"

namespace virtsev::vmm::test {
namespace {

using namespace virtio;

class HostileDriver : public PciTransportTest {};

TEST_F(HostileDriver, ADriverThatBreaksTheRulesIsToldAndLoggedOnce) {
  switch_messages_on();
  start();
  rings_.set_available(0x100);
  (void)::eventfd_write(doorbell(0), 1);
  ASSERT_TRUE(told_.wait_for("stop"));
  expect_message(2);
  EXPECT_TRUE(status() & kNeedsReset);
  EXPECT_EQ(get<std::uint8_t>(PciTransport::kIsrOffset), 2) << "and it is read away";
  EXPECT_EQ(get<std::uint8_t>(PciTransport::kIsrOffset), 0);
  EXPECT_EQ(told_.times("\"echo0\""), 1U);
  const std::size_t kicks = told_.times("kicked 0");
  put<std::uint16_t>(PciTransport::kNotifyOffset, 0);
  rings_.set_available(0);
  reset();
  EXPECT_EQ(told_.times("kicked 0"), kicks) << "nothing to do until the reset";
  start();
  EXPECT_TRUE(told_.wait_for("start", 2));
}

TEST_F(HostileDriver, RingsOutsideOfMemoryNeverReachTheDevice) {
  negotiate();
  QueueSetup setup = rings_.setup();
  setup.device = GuestAddress(0xfffffffffffff000);
  set_up_queue(0, setup);
  set_status(kAcknowledge | kDriver | kFeaturesOk | kDriverOk);
  ASSERT_TRUE(told_.wait_for("\"echo0\""));
  reset();
  EXPECT_EQ(told_.times("start"), 0U);
}

TEST_F(HostileDriver, TheLogIsNotFilledByOneDevice) {
  for (int i = 0; i < 40; ++i) {
    negotiate();
    QueueSetup setup = rings_.setup();
    setup.device = GuestAddress(1);
    set_up_queue(0, setup);
    set_status(kAcknowledge | kDriver | kFeaturesOk | kDriverOk);
    reset();
  }
  EXPECT_LE(told_.times("\"echo0\""), 17U);
}

TEST_F(HostileDriver, AStormOnAllRegistersEndsWithADeviceThatWorks) {
  std::uint32_t value = 1;
  for (int round = 0; round < 40; ++round) {
    for (std::uint64_t offset = 0; offset < PciTransport::kBarSize; offset += offset < 64 ? 1 : 61) {
      value = value * 1664525 + 1013904223;
      put<std::uint8_t>(offset, static_cast<std::uint8_t>(value >> 24));
      put<std::uint16_t>(offset, static_cast<std::uint16_t>(value >> 16));
      put<std::uint32_t>(offset, round % 2 == 0 ? ~0U : value);
      put<std::uint64_t>(offset, value);
      (void)get<std::uint8_t>(offset);
      (void)get<std::uint16_t>(offset);
      (void)get<std::uint32_t>(offset);
      (void)get<std::uint64_t>(offset);
    }
  }
  reset();
  switch_messages_on();
  start();
  offer_buffer();
  put<std::uint16_t>(PciTransport::kNotifyOffset, 0);
  expect_message(0);
  EXPECT_EQ(rings_.used(), 1);
}

}  // namespace
}  // namespace virtsev::vmm::test
