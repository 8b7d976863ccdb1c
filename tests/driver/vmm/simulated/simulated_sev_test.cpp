// SPDX-License-Identifier: LGPL-2.1-or-later
// The registers that make a guest believe in SEV, and VMGEXIT.
#include "driver/vmm/simulated/simulated_sev.hpp"

#include <memory>

#include <gtest/gtest.h>

#include "driver/vmm/simulated/ghcb.hpp"
#include "driver/vmm/simulated/vmgexit.hpp"
#include "sevcore/base/error.hpp"
#include "tests/driver/vmm/fake_vcpu.hpp"
#include "tests/driver/vmm/simulated/page_tables.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint32_t kCBitPosition = 39;
constexpr std::uint64_t kRip = 0x1000ffe;  // VMGEXIT crosses the end of its page

class SimulatedSevTest : public testing::Test {
 protected:
  /// One that has been used stays: it is no value.
  SimulatedSev& make(bool encrypted_state, std::size_t vcpus = 1) {
    SimulatedSev& made = *made_.emplace_back(std::make_unique<SimulatedSev>(
        encrypted_state, kCBitPosition, memory_, std::vector<CpuidEntries>(vcpus)));
    made.take_vcpus(std::vector<Vcpu*>(vcpus, &vcpu_));
    return made;
  }

  std::uint64_t ghcb(SimulatedSev& sev, std::uint32_t id = 0) {
    vcpu_.exit_read_msr(0xc0010130);
    sev.read_register(vcpu_, id);
    return vcpu_.run_area().msr.data;
  }

  std::uint64_t status(SimulatedSev& sev) {
    vcpu_.exit_read_msr(0xc0010131);
    sev.read_register(vcpu_, 0);
    EXPECT_EQ(vcpu_.run_area().msr.error, 0);
    return vcpu_.run_area().msr.data;
  }

  /// Maps two pages with the C-bit, and puts VMGEXIT where the WRMSR ends.
  void place_vmgexit() {
    vcpu_.pages = {{kRip / kPageSize, kCBit | 0x200000}, {kRip / kPageSize + 1, (kCBit) | 0x300000}};
    ASSERT_TRUE(memory_.private_memory().write(GuestAddress(0x200ffe), ByteView(kVmgexit).first(2)));
    ASSERT_TRUE(memory_.private_memory().write(GuestAddress(0x300000), ByteView(kVmgexit).subspan(2)));
    vcpu_.on_immediate_exit = [](FakeVcpu& vcpu) {
      vcpu.rip = kRip;
      return 0;
    };
  }

  StrictMemory memory_{64ULL << 20, kCBitPosition};
  FakeVcpu vcpu_;
  std::vector<std::unique_ptr<SimulatedSev>> made_;
};

TEST_F(SimulatedSevTest, StatusSaysWhichProtectionThereIs) {
  SimulatedSev& sev = make(false);
  EXPECT_EQ(status(sev), 1U);
  SimulatedSev& es = make(true);
  EXPECT_EQ(status(es), 3U);
}

TEST_F(SimulatedSevTest, OtherRegistersAreRefused) {
  SimulatedSev& sev = make(true);
  vcpu_.exit_read_msr(0xc0010132);
  sev.read_register(vcpu_, 0);
  EXPECT_EQ(vcpu_.run_area().msr.error, 1);
  vcpu_.exit_write_msr(0xc0010131, 0);
  EXPECT_FALSE(sev.write_register(vcpu_, 0));
  EXPECT_EQ(vcpu_.run_area().msr.error, 1);
}

TEST_F(SimulatedSevTest, ASevGuestHasNoGhcb) {
  SimulatedSev& sev = make(false);
  vcpu_.exit_read_msr(0xc0010130);
  sev.read_register(vcpu_, 0);
  EXPECT_EQ(vcpu_.run_area().msr.error, 1);
  vcpu_.exit_write_msr(0xc0010130, 2);
  EXPECT_FALSE(sev.write_register(vcpu_, 0));
  EXPECT_EQ(vcpu_.run_area().msr.error, 1);
}

TEST_F(SimulatedSevTest, TheGhcbRegisterHoldsSevInfoAtFirst) {
  SimulatedSev& sev = make(true);
  vcpu_.exit_read_msr(0xc0010130);
  sev.read_register(vcpu_, 0);
  EXPECT_EQ(vcpu_.run_area().msr.data, ghcb_sev_info(kCBitPosition));
}

TEST_F(SimulatedSevTest, AVmgexitIsServedAndSteppedOver) {
  place_vmgexit();
  SimulatedSev& sev = make(true);
  vcpu_.exit_write_msr(0xc0010130, 0x002);
  EXPECT_FALSE(sev.write_register(vcpu_, 0));
  EXPECT_EQ(vcpu_.run_area().msr.error, 0);
  EXPECT_EQ(vcpu_.runs, 1);
  EXPECT_EQ(vcpu_.rip, kRip + 4);
  vcpu_.exit_read_msr(0xc0010130);
  sev.read_register(vcpu_, 0);
  EXPECT_EQ(vcpu_.run_area().msr.data, ghcb_sev_info(kCBitPosition));
}

TEST_F(SimulatedSevTest, ARequestInTheRegisterIsAnsweredWithoutAVmgexitToo) {
  place_vmgexit();
  ASSERT_TRUE(memory_.private_memory().write(GuestAddress(0x300001), Bytes{0x90}));
  SimulatedSev& sev = make(true);
  vcpu_.exit_write_msr(0xc0010130, 0x002);
  EXPECT_FALSE(sev.write_register(vcpu_, 0));
  EXPECT_EQ(vcpu_.rip, kRip) << "there is nothing to step over";
  EXPECT_EQ(ghcb(sev), ghcb_sev_info(kCBitPosition));
  vcpu_.exit_write_msr(0xc0010130, 0x100 | 3ULL << 16);
  const auto end = sev.write_register(vcpu_, 0);
  ASSERT_TRUE(end);
  EXPECT_NE(end->text.find("reason 3"), std::string::npos);
}

TEST_F(SimulatedSevTest, OtherValuesWithoutAVmgexitAreOnlyStored) {
  place_vmgexit();
  ASSERT_TRUE(memory_.private_memory().write(GuestAddress(0x300001), Bytes{0x90}));
  SimulatedSev& sev = make(true);
  // A page, a hold, nothing that there is, and a termination with reserved bits.
  for (const std::uint64_t value : {0x809000ULL, 0x006ULL, 0xabcULL, 0x100ULL | 1ULL << 24}) {
    vcpu_.exit_write_msr(0xc0010130, value);
    EXPECT_FALSE(sev.write_register(vcpu_, 0));
    EXPECT_EQ(vcpu_.rip, kRip);
    EXPECT_EQ(ghcb(sev), value);
  }
  EXPECT_EQ(vcpu_.state, static_cast<std::uint32_t>(KVM_MP_STATE_RUNNABLE));
}

TEST_F(SimulatedSevTest, AQuestionIsAnsweredForTheVcpuThatAsks) {
  std::vector<CpuidEntries> cpuid(2);
  for (std::uint32_t id = 0; id < 2; ++id) {
    kvm_cpuid_entry2 entry{};
    entry.function = 0xb;
    entry.edx = 7 + id;
    cpuid[id].push_back(entry);
  }
  SimulatedSev sev(true, kCBitPosition, memory_, cpuid);
  sev.take_vcpus({&vcpu_, &vcpu_});
  vcpu_.exit_write_msr(0xc0010130, 0xbULL << 32 | 3ULL << 30 | 0x004);
  EXPECT_FALSE(sev.write_register(vcpu_, 1));
  EXPECT_EQ(ghcb(sev, 1) >> 32, 8U);
}

TEST_F(SimulatedSevTest, AVmgexitInRealModeLiesBehindTheCodeSegmentsBase) {
  constexpr std::uint64_t kBase = 0x9b000;
  ASSERT_TRUE(memory_.private_memory().write(GuestAddress(kBase + 0x20), kVmgexit));
  vcpu_.special.cs.base = kBase;
  vcpu_.pages = {{kBase / kPageSize, kBase}};
  vcpu_.on_immediate_exit = [](FakeVcpu& vcpu) {
    vcpu.rip = 0x20;
    return 0;
  };
  SimulatedSev& sev = make(true);
  vcpu_.exit_write_msr(0xc0010130, 0x002);
  EXPECT_FALSE(sev.write_register(vcpu_, 0));
  EXPECT_EQ(vcpu_.rip, 0x24U);
}

TEST_F(SimulatedSevTest, CodeInAPageThatIsNothingYetIsLookedForInTheTables) {
  constexpr std::uint64_t kCode = 0x800000;
  // Instructions are fetched from private memory, whatever the C-bit says.
  ASSERT_TRUE(memory_.private_memory().write(GuestAddress(kCode), kVmgexit));
  PageTables tables;
  tables.map(0x200000, 0x400000, kCode);
  for (const auto& [address, table] : tables.all()) {
    Bytes bytes;
    for (const std::uint64_t entry : table) {
      append_le<std::uint64_t>(bytes, entry);
    }
    ASSERT_TRUE(memory_.private_memory().write(GuestAddress(address), bytes));
  }
  vcpu_.special = long_mode(0x200000);
  vcpu_.special.cs.l = 1;
  vcpu_.pages = {{0x400, kCode}};
  vcpu_.on_immediate_exit = [](FakeVcpu& vcpu) {
    vcpu.rip = 0x400000;
    return 0;
  };
  SimulatedSev& sev = make(true);
  vcpu_.exit_write_msr(0xc0010130, 0x002);
  EXPECT_FALSE(sev.write_register(vcpu_, 0));
  EXPECT_EQ(vcpu_.rip, 0x400004U);
}

TEST_F(SimulatedSevTest, TheGhcbPageIsSharedMemoryWhateverTheGuestSeesThere) {
  constexpr std::uint64_t kPage = 0x500000;
  place_vmgexit();
  SimulatedSev& sev = make(true);
  ASSERT_TRUE(sev.resolve_fault(vcpu_, 0));  // without paging: the guest sees private memory there
  // Requests of both memories, told apart by their answer.
  const auto put = [&](const GuestMemory& memory, std::uint64_t code) {
    Bytes field;
    append_le<std::uint64_t>(field, code);
    ASSERT_TRUE(memory.write(GuestAddress(kPage + 0x390), field));
    ASSERT_TRUE(memory.write(GuestAddress(kPage + 0x3f0 + 14), Bytes{0x04}));
  };
  const auto answer = [&](const GuestMemory& memory) {
    Bytes field(8);
    EXPECT_TRUE(memory.read(GuestAddress(kPage + 0x398), field));
    return get_le<std::uint64_t>(field, 0);
  };
  put(memory_.private_memory(), 0x80000004);  // a hold
  put(memory_.shared_memory(), 0x7b);         // refused, in the page
  vcpu_.exit_write_msr(0xc0010130, kPage);
  EXPECT_FALSE(sev.write_register(vcpu_, 0));
  EXPECT_EQ(vcpu_.state, static_cast<std::uint32_t>(KVM_MP_STATE_RUNNABLE));
  EXPECT_EQ(answer(memory_.shared_memory()), 2U);
  EXPECT_EQ(answer(memory_.private_memory()), 0U);
}

TEST_F(SimulatedSevTest, AWriteOfEferIsDoneAndTheStepsBegin) {
  SimulatedSev& sev = make(false);
  vcpu_.exit_write_msr(0xc0000080, 0x100);
  EXPECT_FALSE(sev.write_register(vcpu_, 0));
  EXPECT_EQ(vcpu_.run_area().msr.error, 0);
  EXPECT_EQ(vcpu_.special.efer, 0x100U);
  EXPECT_EQ(vcpu_.runs, 1) << "the instruction is finished first";
  EXPECT_TRUE(vcpu_.stepping);
  vcpu_.exit_with(KVM_EXIT_DEBUG);
  EXPECT_TRUE(sev.finish_step(vcpu_, 0));
  vcpu_.exit_write_msr(0xc0000080, 1U << 12);
  EXPECT_FALSE(sev.write_register(vcpu_, 0));
  EXPECT_EQ(vcpu_.run_area().msr.error, 1);
}

TEST_F(SimulatedSevTest, ADeviceIsFoundAtItsAddressWithAndWithoutCBit) {
  SimulatedSev& sev = make(false);
  for (const std::uint64_t bits : {std::uint64_t{0}, kCBit}) {
    vcpu_.exit_memory(false, 0xf0000010 | bits, 4);
    EXPECT_EQ(sev.device_address(vcpu_, 0), GuestAddress(0xf0000010));
  }
}

TEST_F(SimulatedSevTest, MemoryThatKvmTakesForADevicesIsServed) {
  SimulatedSev& sev = make(false);
  ASSERT_TRUE(memory_.private_memory().write(GuestAddress(0x500000), Bytes{1, 2}));
  vcpu_.exit_memory(false, 0x500000, 2);
  EXPECT_FALSE(sev.device_address(vcpu_, 0)) << "without paging it is private";
  EXPECT_EQ(vcpu_.run_area().mmio.data[1], 2);
  vcpu_.exit_memory(true, 0x500001, 1);
  vcpu_.run_area().mmio.data[0] = 9;
  EXPECT_FALSE(sev.device_address(vcpu_, 0));
  Bytes bytes(2);
  ASSERT_TRUE(memory_.private_memory().read(GuestAddress(0x500000), bytes));
  EXPECT_EQ(bytes, (Bytes{1, 9}));
}

TEST_F(SimulatedSevTest, MemoryThatNoTableMapsEndsTheGuestWithItsAddress) {
  SimulatedSev& sev = make(false);
  vcpu_.special = long_mode(0x200000);
  vcpu_.exit_memory(false, 0x500000, 2);
  try {
    sev.device_address(vcpu_, 0);
    FAIL() << "it was served";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("0x500000"), std::string::npos) << error.what();
  }
}

TEST_F(SimulatedSevTest, CodeThatIsNotMappedIsNoVmgexit) {
  place_vmgexit();
  vcpu_.pages.erase(kRip / kPageSize + 1);
  SimulatedSev& sev = make(true);
  vcpu_.exit_write_msr(0xc0010130, 0x006);  // would be held
  EXPECT_FALSE(sev.write_register(vcpu_, 0));
  EXPECT_EQ(vcpu_.rip, kRip);
  EXPECT_EQ(vcpu_.state, static_cast<std::uint32_t>(KVM_MP_STATE_RUNNABLE));
}

TEST_F(SimulatedSevTest, TheResetVectorsTerminationIsAReset) {
  place_vmgexit();
  SimulatedSev& sev = make(true);
  vcpu_.exit_write_msr(0xc0010130, 0x100 | 14ULL << 12 | 'R' << 16);
  const auto end = sev.write_register(vcpu_, 0);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, control::EndReason::kReset);
}

TEST_F(SimulatedSevTest, ATerminationEndsTheGuestWithItsReason) {
  place_vmgexit();
  SimulatedSev& sev = make(true);
  vcpu_.exit_write_msr(0xc0010130, 0x100 | 3ULL << 16);
  const auto end = sev.write_register(vcpu_, 0);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, control::EndReason::kPanic);
  EXPECT_NE(end->text.find("reason 3"), std::string::npos);
}

TEST_F(SimulatedSevTest, AHeldVcpuGoesOnBehindItsVmgexitWhenItIsStartedAgain) {
  place_vmgexit();
  SimulatedSev& sev = make(true);
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
  SimulatedSev& sev = make(true);
  vcpu_.state = KVM_MP_STATE_INIT_RECEIVED;
  vcpu_.rip = 0x1234;
  sev.return_without_exit(vcpu_, 0);
  EXPECT_EQ(vcpu_.rip, 0x1234U);
  EXPECT_EQ(vcpu_.state, static_cast<std::uint32_t>(KVM_MP_STATE_INIT_RECEIVED));
}

TEST_F(SimulatedSevTest, EachVcpuHasAGhcbRegisterOfItsOwn) {
  SimulatedSev& sev = make(true, 2);
  FakeVcpu second;
  second.exit_write_msr(0xc0010130, 0x7000);
  EXPECT_FALSE(sev.write_register(second, 1));
  vcpu_.exit_read_msr(0xc0010130);
  sev.read_register(vcpu_, 0);
  EXPECT_EQ(vcpu_.run_area().msr.data, ghcb_sev_info(kCBitPosition));
}

}  // namespace
}  // namespace virtsev::vmm::test
