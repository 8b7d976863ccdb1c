// SPDX-License-Identifier: LGPL-2.1-or-later
// What the monitor does when a vCPU leaves the guest.
#include "driver/vmm/run/exit_handler.hpp"

#include <gtest/gtest.h>

#include "driver/vmm/simulated/simulated_sev.hpp"
#include "tests/driver/vmm/fake_vcpu.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint64_t kDeviceMemory = 0xf0000000;

/// Keeps what is written, reads as 1, 2, 3...
class RecordingDevice : public BusDevice {
 public:
  void read(std::uint64_t, MutableBytes data) override {
    for (std::uint8_t& byte : data) {
      byte = ++last_;
    }
  }
  void write(std::uint64_t offset, ByteView data) override {
    writes.emplace_back(offset, Bytes(data.begin(), data.end()));
  }
  std::vector<std::pair<std::uint64_t, Bytes>> writes;

 private:
  std::uint8_t last_ = 0;
};

class ExitHandlerTest : public testing::Test {
 protected:
  std::optional<GuestEnd> handle() { return handler_.handle(vcpu_, 0); }

  RecordingDevice device_;
  Buses buses_{std::vector<BusRange>{{0xf0000000, 0x100000}}};
  Bus::Attachment ports_ = attach_or_throw(buses_.ports, "ports", {0x100, 8}, device_);
  Bus::Attachment memory_ = attach_or_throw(buses_.memory, "memory", {kDeviceMemory, 0x1000}, device_);
  NativeMode mode_;
  ExitHandler handler_{buses_, mode_};
  FakeVcpu vcpu_;
};

TEST_F(ExitHandlerTest, APortIsWrittenWithItsWidth) {
  vcpu_.exit_port(KVM_EXIT_IO_OUT, 0x104, 2, 1);
  vcpu_.data[0] = 0x34;
  vcpu_.data[1] = 0x12;
  EXPECT_FALSE(handle());
  ASSERT_EQ(device_.writes.size(), 1U);
  EXPECT_EQ(device_.writes[0].first, 4);
  EXPECT_EQ(device_.writes[0].second, (Bytes{0x34, 0x12}));
}

TEST_F(ExitHandlerTest, AStringOfWritesIsOneAfterTheOther) {
  vcpu_.exit_port(KVM_EXIT_IO_OUT, 0x100, 1, 3);
  vcpu_.data = {'a', 'b', 'c'};
  EXPECT_FALSE(handle());
  ASSERT_EQ(device_.writes.size(), 3U);
  EXPECT_EQ(device_.writes[2].second, Bytes{'c'});
}

TEST_F(ExitHandlerTest, AStringOfReadsFillsEachElement) {
  vcpu_.exit_port(KVM_EXIT_IO_IN, 0x100, 2, 2);
  EXPECT_FALSE(handle());
  EXPECT_EQ(vcpu_.data[0], 1);
  EXPECT_EQ(vcpu_.data[3], 4);
}

TEST_F(ExitHandlerTest, APortThatNobodyOwnsReadsAsOnes) {
  vcpu_.exit_port(KVM_EXIT_IO_IN, 0xcf8, 4, 1);
  EXPECT_FALSE(handle());
  EXPECT_EQ(vcpu_.data[3], 0xff);
}

TEST_F(ExitHandlerTest, MemoryOfADeviceIsWrittenWithItsWidth) {
  vcpu_.exit_memory(true, kDeviceMemory + 0x10, 8);
  for (std::uint8_t i = 0; i < 8; ++i) {
    vcpu_.run_area().mmio.data[i] = i;
  }
  EXPECT_FALSE(handle());
  ASSERT_EQ(device_.writes.size(), 1U);
  EXPECT_EQ(device_.writes[0].first, 0x10U);
  EXPECT_EQ(device_.writes[0].second, (Bytes{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST_F(ExitHandlerTest, MemoryOfADeviceIsReadWithItsWidth) {
  vcpu_.exit_memory(false, kDeviceMemory, 2);
  EXPECT_FALSE(handle());
  EXPECT_EQ(vcpu_.run_area().mmio.data[0], 1);
  EXPECT_EQ(vcpu_.run_area().mmio.data[1], 2);
  EXPECT_EQ(vcpu_.run_area().mmio.data[2], 0) << "what was not asked for";
}

TEST_F(ExitHandlerTest, AWidthThatNoAccessHasIsCutToOne) {
  vcpu_.exit_memory(false, kDeviceMemory, 0xffffffff);
  EXPECT_FALSE(handle());
  EXPECT_EQ(vcpu_.run_area().mmio.data[7], 8);
}

TEST_F(ExitHandlerTest, AWriteWhereNothingIsIsLost) {
  vcpu_.exit_memory(true, kDeviceMemory + 0x1000, 4);
  EXPECT_FALSE(handle());
  EXPECT_TRUE(device_.writes.empty());
}

TEST_F(ExitHandlerTest, AnAddressWhereNothingIsReadsAsOnes) {
  vcpu_.exit_memory(false, 0xd0000000, 4);
  EXPECT_FALSE(handle());
  EXPECT_EQ(vcpu_.run_area().mmio.data[3], 0xff);
}

TEST_F(ExitHandlerTest, ATripleFaultIsAPanicThatSaysWhere) {
  vcpu_.exit_with(KVM_EXIT_SHUTDOWN);
  vcpu_.rip = 0xabcdef;
  vcpu_.interrupts = false;
  const auto end = handle();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, control::EndReason::kPanic);
  EXPECT_NE(end->text.find("vCPU 0 at 0xabcdef, running, interrupts off"), std::string::npos) << end->text;
}

TEST_F(ExitHandlerTest, OldKernelsMayMeanATripleFaultOfASevEsGuestByEinval) {
  NativeMode mode(HiddenState{true});
  const ExitHandler handler(buses_, mode);
  const auto end = handler.handle_failure(vcpu_, 0, EINVAL);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, control::EndReason::kPanic);
  EXPECT_NE(end->text.find("triple fault, or asked KVM"), std::string::npos) << end->text;
}

TEST_F(ExitHandlerTest, LaterKernelsDoNotMeanATripleFaultByEinval) {
  NativeMode mode(HiddenState{false});
  const ExitHandler handler(buses_, mode);
  const auto end = handler.handle_failure(vcpu_, 0, EINVAL);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, control::EndReason::kError);
  EXPECT_NE(end->text.find("this is not a triple fault"), std::string::npos) << end->text;
}

TEST_F(ExitHandlerTest, EinvalIsNoTripleFaultOfOtherGuests) {
  const auto end = handler_.handle_failure(vcpu_, 0, EINVAL);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, control::EndReason::kError);
  EXPECT_NE(end->text.find("Invalid argument"), std::string::npos) << end->text;
}

TEST(ShutdownMayBeEinval, BeforeLinux67) {
  EXPECT_TRUE(shutdown_may_be_einval("6.1.0-37-amd64"));
  EXPECT_TRUE(shutdown_may_be_einval("5.19.17"));
  EXPECT_TRUE(shutdown_may_be_einval("6.6"));
  EXPECT_FALSE(shutdown_may_be_einval("6.7-rc1"));
  EXPECT_FALSE(shutdown_may_be_einval("6.12.117+deb13-amd64"));
  EXPECT_FALSE(shutdown_may_be_einval("7.0.0"));
  EXPECT_TRUE(shutdown_may_be_einval("unknown"));
}

TEST_F(ExitHandlerTest, HiddenRegistersAreNotShownWhateverKvmGivesForThem) {
  NativeMode mode(HiddenState{});
  const ExitHandler handler(buses_, mode);
  vcpu_.rip = 0xabcdef;
  EXPECT_EQ(handler.describe_position(vcpu_, 1), "vCPU 1, running");
  vcpu_.exit_with(KVM_EXIT_SHUTDOWN);
  const auto end = handler.handle(vcpu_, 0);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, control::EndReason::kPanic);
  EXPECT_EQ(end->text.find("abcdef"), std::string::npos) << end->text;
}

TEST_F(ExitHandlerTest, AnInternalErrorOfKvmSaysWhere) {
  vcpu_.exit_with(KVM_EXIT_INTERNAL_ERROR);
  vcpu_.run_area().internal.suberror = KVM_INTERNAL_ERROR_EMULATION;
  const auto end = handle();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, control::EndReason::kError);
  EXPECT_NE(end->text.find("internal error 1"), std::string::npos) << end->text;
}

TEST_F(ExitHandlerTest, AnExitThatNobodyKnowsEndsTheGuestAlone) {
  vcpu_.exit_with(0x7777);
  EXPECT_EQ(handle().value().reason, control::EndReason::kError);
}

TEST_F(ExitHandlerTest, SystemEventsEndTheGuestWithTheirReason) {
  vcpu_.exit_with(KVM_EXIT_SYSTEM_EVENT);
  vcpu_.run_area().system_event.type = KVM_SYSTEM_EVENT_SHUTDOWN;
  EXPECT_EQ(handle().value().reason, control::EndReason::kPoweroff);
  vcpu_.run_area().system_event.type = KVM_SYSTEM_EVENT_RESET;
  EXPECT_EQ(handle().value().reason, control::EndReason::kReset);
  vcpu_.run_area().system_event.type = 6;
  vcpu_.run_area().system_event.data[0] = 0x100 | 1ULL << 12 | 4ULL << 16;
  EXPECT_NE(handle().value().text.find("reason set 1, reason 4"), std::string::npos);
  vcpu_.run_area().system_event.data[0] = 0x100 | 14ULL << 12 | 'R' << 16;  // Our reset vector's
  EXPECT_EQ(handle().value().reason, control::EndReason::kReset);
}

TEST_F(ExitHandlerTest, ASystemEventThatNobodyKnowsIsNamedByItsNumber) {
  vcpu_.exit_with(KVM_EXIT_SYSTEM_EVENT);
  vcpu_.run_area().system_event.type = 77;
  const auto end = handle();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, control::EndReason::kError);
  EXPECT_NE(end->text.find("KVM system event 77, which this program does not know"), std::string::npos);
}

TEST_F(ExitHandlerTest, SignalsAndWakeUpsOfWaitingVcpusEndNothing) {
  EXPECT_FALSE(handler_.handle_failure(vcpu_, 0, EINTR));
  EXPECT_FALSE(handler_.handle_failure(vcpu_, 0, EAGAIN));
  vcpu_.exit_with(KVM_EXIT_INTR);
  EXPECT_FALSE(handle());
}

TEST_F(ExitHandlerTest, AFailureOfTheHostEndsTheGuestWithItsName) {
  const auto end = handler_.handle_failure(vcpu_, 0, ENOMEM);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, control::EndReason::kError);
  EXPECT_NE(end->text.find("Cannot allocate memory"), std::string::npos);
}

TEST_F(ExitHandlerTest, WithoutSimulationAFaultAndAStepThatNobodyAskedForEndTheGuest) {
  const auto end = handler_.handle_failure(vcpu_, 0, EFAULT);
  ASSERT_TRUE(end);
  EXPECT_NE(end->text.find("Bad address"), std::string::npos);
  vcpu_.exit_with(KVM_EXIT_DEBUG);
  EXPECT_TRUE(handle());
}

TEST_F(ExitHandlerTest, InSimulationAFaultIsAnOrdinaryEvent) {
  StrictMemory memory(64ULL << 20, 39);
  SimulatedSev sev(true, 39, memory, std::vector<CpuidEntries>(1));
  sev.take_vcpus({&vcpu_});
  const ExitHandler handler(buses_, sev);
  EXPECT_FALSE(handler.handle_failure(vcpu_, 0, EFAULT));
  vcpu_.exit_memory(false, 0x200000, 4);
  EXPECT_FALSE(handler.handle(vcpu_, 0));
  EXPECT_EQ(vcpu_.run_area().mmio.data[0], 0) << "memory, and no device that is not there";
}

TEST_F(ExitHandlerTest, WithoutSimulationRegistersAreRefused) {
  vcpu_.exit_read_msr(0xc0010131);
  EXPECT_FALSE(handle());
  EXPECT_EQ(vcpu_.run_area().msr.error, 1);
  vcpu_.exit_write_msr(0xc0010130, 2);
  EXPECT_FALSE(handle());
  EXPECT_EQ(vcpu_.run_area().msr.error, 1);
}

TEST_F(ExitHandlerTest, InSimulationRegistersAreAnswered) {
  StrictMemory memory(64ULL << 20, 39);
  SimulatedSev sev(true, 39, memory, std::vector<CpuidEntries>(1));
  const ExitHandler handler(buses_, sev);
  vcpu_.exit_read_msr(0xc0010131);
  EXPECT_FALSE(handler.handle(vcpu_, 0));
  EXPECT_EQ(vcpu_.run_area().msr.data, 3U);
}

}  // namespace
}  // namespace virtsev::vmm::test
