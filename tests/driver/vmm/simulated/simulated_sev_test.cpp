// SPDX-License-Identifier: LGPL-2.1-or-later
// The registers that make a guest believe in SEV, and VMGEXIT.
#include "driver/vmm/simulated/simulated_sev.hpp"

#include <gtest/gtest.h>

#include "driver/vmm/simulated/ghcb.hpp"
#include "tests/driver/vmm/fake_vcpu.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint32_t kCBit = 39;
constexpr std::uint64_t kRip = 0x1000ffe;  // VMGEXIT crosses the end of its page
constexpr Bytes::value_type kVmgexit[] = {0xf3, 0x0f, 0x01, 0xd9};

class SimulatedSevTest : public testing::Test {
 protected:
  SimulatedSev make(bool encrypted_state, std::size_t vcpus = 1) {
    return {encrypted_state, kCBit, memory_, std::vector<CpuidEntries>(vcpus)};
  }

  std::uint64_t status(SimulatedSev& sev) {
    vcpu_.exit_read_msr(0xc0010131);
    sev.read_register(vcpu_, 0);
    EXPECT_EQ(vcpu_.run_area().msr.error, 0);
    return vcpu_.run_area().msr.data;
  }

  /// Maps two pages with the C-bit, and puts VMGEXIT where the WRMSR ends.
  void place_vmgexit() {
    vcpu_.pages = {{kRip / kPageSize, (1ULL << kCBit) | 0x200000},
                   {kRip / kPageSize + 1, (1ULL << kCBit) | 0x300000}};
    ASSERT_TRUE(memory_.private_memory().write(GuestAddress(0x200ffe), ByteView(kVmgexit).first(2)));
    ASSERT_TRUE(memory_.private_memory().write(GuestAddress(0x300000), ByteView(kVmgexit).subspan(2)));
    vcpu_.on_immediate_exit = [](FakeVcpu& vcpu) {
      vcpu.rip = kRip;
      return 0;
    };
  }

  StrictMemory memory_{64ULL << 20, kCBit};
  FakeVcpu vcpu_;
};

TEST_F(SimulatedSevTest, StatusSaysWhichProtectionThereIs) {
  SimulatedSev sev = make(false);
  EXPECT_EQ(status(sev), 1U);
  SimulatedSev es = make(true);
  EXPECT_EQ(status(es), 3U);
}

TEST_F(SimulatedSevTest, TheThirdReadOfStatusMakesThePageTablesPrivate) {
  SimulatedSev sev = make(true);
  status(sev);
  status(sev);
  EXPECT_EQ(vcpu_.root_bits, 0U);
  status(sev);
  EXPECT_EQ(vcpu_.root_bits, 1ULL << kCBit);
}

TEST_F(SimulatedSevTest, OtherRegistersAreRefused) {
  SimulatedSev sev = make(true);
  vcpu_.exit_read_msr(0xc0010132);
  sev.read_register(vcpu_, 0);
  EXPECT_EQ(vcpu_.run_area().msr.error, 1);
  vcpu_.exit_write_msr(0xc0010131, 0);
  EXPECT_FALSE(sev.write_register(vcpu_, 0));
  EXPECT_EQ(vcpu_.run_area().msr.error, 1);
}

TEST_F(SimulatedSevTest, ASevGuestHasNoGhcb) {
  SimulatedSev sev = make(false);
  vcpu_.exit_read_msr(0xc0010130);
  sev.read_register(vcpu_, 0);
  EXPECT_EQ(vcpu_.run_area().msr.error, 1);
  vcpu_.exit_write_msr(0xc0010130, 2);
  EXPECT_FALSE(sev.write_register(vcpu_, 0));
  EXPECT_EQ(vcpu_.run_area().msr.error, 1);
}

TEST_F(SimulatedSevTest, TheGhcbRegisterHoldsSevInfoAtFirst) {
  SimulatedSev sev = make(true);
  vcpu_.exit_read_msr(0xc0010130);
  sev.read_register(vcpu_, 0);
  EXPECT_EQ(vcpu_.run_area().msr.data, ghcb_sev_info(kCBit));
}

TEST_F(SimulatedSevTest, AVmgexitIsServedAndSteppedOver) {
  place_vmgexit();
  SimulatedSev sev = make(true);
  vcpu_.exit_write_msr(0xc0010130, 0x002);
  EXPECT_FALSE(sev.write_register(vcpu_, 0));
  EXPECT_EQ(vcpu_.run_area().msr.error, 0);
  EXPECT_EQ(vcpu_.runs, 1);
  EXPECT_EQ(vcpu_.rip, kRip + 4);
  vcpu_.exit_read_msr(0xc0010130);
  sev.read_register(vcpu_, 0);
  EXPECT_EQ(vcpu_.run_area().msr.data, ghcb_sev_info(kCBit));
}

TEST_F(SimulatedSevTest, AWriteWithoutVmgexitOnlyStoresTheValue) {
  place_vmgexit();
  ASSERT_TRUE(memory_.private_memory().write(GuestAddress(0x300001), Bytes{0x90}));
  SimulatedSev sev = make(true);
  vcpu_.exit_write_msr(0xc0010130, 0x100);  // would end the guest
  EXPECT_FALSE(sev.write_register(vcpu_, 0));
  EXPECT_EQ(vcpu_.rip, kRip);
  vcpu_.exit_read_msr(0xc0010130);
  sev.read_register(vcpu_, 0);
  EXPECT_EQ(vcpu_.run_area().msr.data, 0x100U);
}

TEST_F(SimulatedSevTest, CodeThatIsNotMappedIsNoVmgexit) {
  place_vmgexit();
  vcpu_.pages.erase(kRip / kPageSize + 1);
  SimulatedSev sev = make(true);
  vcpu_.exit_write_msr(0xc0010130, 0x100);
  EXPECT_FALSE(sev.write_register(vcpu_, 0));
}

TEST_F(SimulatedSevTest, TheResetVectorsTerminationIsAReset) {
  place_vmgexit();
  SimulatedSev sev = make(true);
  vcpu_.exit_write_msr(0xc0010130, 0x100 | 14ULL << 12 | 'R' << 16);
  const auto end = sev.write_register(vcpu_, 0);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, control::EndReason::kReset);
}

TEST_F(SimulatedSevTest, ATerminationEndsTheGuestWithItsReason) {
  place_vmgexit();
  SimulatedSev sev = make(true);
  vcpu_.exit_write_msr(0xc0010130, 0x100 | 3ULL << 16);
  const auto end = sev.write_register(vcpu_, 0);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, control::EndReason::kPanic);
  EXPECT_NE(end->text.find("reason 3"), std::string::npos);
}

TEST_F(SimulatedSevTest, AHeldVcpuGoesOnBehindItsVmgexitWhenItIsStartedAgain) {
  place_vmgexit();
  SimulatedSev sev = make(true);
  vcpu_.exit_write_msr(0xc0010130, 0x006);
  EXPECT_FALSE(sev.write_register(vcpu_, 0));
  EXPECT_EQ(vcpu_.state, static_cast<std::uint32_t>(KVM_MP_STATE_UNINITIALIZED));
  sev.return_without_exit(vcpu_, 0);  // a signal came, but no INIT
  EXPECT_EQ(vcpu_.state, static_cast<std::uint32_t>(KVM_MP_STATE_UNINITIALIZED));

  // What KVM does at an INIT.
  vcpu_.state = KVM_MP_STATE_INIT_RECEIVED;
  vcpu_.rip = 0xfff0;
  sev.return_without_exit(vcpu_, 0);
  EXPECT_EQ(vcpu_.state, static_cast<std::uint32_t>(KVM_MP_STATE_RUNNABLE));
  EXPECT_EQ(vcpu_.rip, kRip + 4);
  vcpu_.exit_read_msr(0xc0010130);
  sev.read_register(vcpu_, 0);
  EXPECT_EQ(vcpu_.run_area().msr.data, 1ULL << 12 | 0x007);
}

TEST_F(SimulatedSevTest, AVcpuThatWasNeverHeldIsLeftAloneByAnInit) {
  SimulatedSev sev = make(true);
  vcpu_.state = KVM_MP_STATE_INIT_RECEIVED;
  vcpu_.rip = 0x1234;
  sev.return_without_exit(vcpu_, 0);
  EXPECT_EQ(vcpu_.rip, 0x1234U);
  EXPECT_EQ(vcpu_.state, static_cast<std::uint32_t>(KVM_MP_STATE_INIT_RECEIVED));
}

TEST_F(SimulatedSevTest, EachVcpuHasAGhcbRegisterOfItsOwn) {
  SimulatedSev sev = make(true, 2);
  FakeVcpu second;
  second.exit_write_msr(0xc0010130, 0x7000);
  EXPECT_FALSE(sev.write_register(second, 1));
  vcpu_.exit_read_msr(0xc0010130);
  sev.read_register(vcpu_, 0);
  EXPECT_EQ(vcpu_.run_area().msr.data, ghcb_sev_info(kCBit));
}

}  // namespace
}  // namespace virtsev::vmm::test
