// SPDX-License-Identifier: LGPL-2.1-or-later
// What firmware does that no kernel does: VMGEXIT in functions of its own, a local APIC with the C-bit, an
// image in ROM.
#include <gtest/gtest.h>

#include "driver/vmm/simulated/simulated_apic.hpp"
#include "driver/vmm/simulated/simulated_sev.hpp"
#include "driver/vmm/simulated/vmgexit.hpp"
#include "driver/vmm/simulated/vmgexit_patch.hpp"
#include "sevcore/machine/firmware_layout.hpp"
#include "tests/driver/vmm/fake_vcpu.hpp"
#include "tests/driver/vmm/simulated/page_tables.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kImage = 2 * kMiB;
constexpr std::uint64_t kRoot = 4 * kMiB;
constexpr std::uint64_t kGhcb = 8 * kMiB;
constexpr std::uint64_t kCode = 10 * kMiB;

class FirmwareGuest : public testing::Test {
 protected:
  FirmwareGuest() {
    sev_.take_vcpus({&vcpu_});
    PageTables tables;
    tables.map(kRoot, kGhcb, kGhcb);
    for (const auto& [address, table] : tables.all()) {
      Bytes bytes;
      for (const std::uint64_t entry : table) {
        append_le<std::uint64_t>(bytes, entry);
      }
      EXPECT_TRUE(memory_.private_memory().write(GuestAddress(address), bytes));
    }
    vcpu_.special = long_mode(kRoot);
    vcpu_.rip = kCode;
  }
  void write_ghcb(std::uint64_t value) {
    vcpu_.exit_write_msr(SimulatedSev::kGhcbMsr, value);
    EXPECT_FALSE(sev_.write_register(vcpu_, 0));
  }
  std::uint64_t ghcb() {
    vcpu_.exit_read_msr(SimulatedSev::kGhcbMsr);
    sev_.read_register(vcpu_, 0);
    return vcpu_.run_area().msr.data;
  }
  MemoryView::Kind ghcb_page() { return memory_.view().kind_at(GuestAddress(kGhcb)); }
  Bytes code(std::uint64_t address = kCode) {
    Bytes bytes(kVmgexit.size());
    EXPECT_TRUE(memory_.private_memory().read(GuestAddress(address), bytes));
    return bytes;
  }
  void place_vmgexit(std::uint64_t address) {
    ASSERT_TRUE(memory_.private_memory().write(GuestAddress(address), kVmgexit));
  }
  bool execute_patch() {
    vcpu_.exit_port(KVM_EXIT_IO_OUT, kVmgexitPort, 1, 1);
    return sev_.take_port(vcpu_, 0, end_);
  }

  StrictMemory memory_{64 * kMiB, 39, kImage};
  FakeVcpu vcpu_;
  SimulatedSev sev_{true, 39, memory_, std::vector<CpuidEntries>(1)};
  std::optional<GuestEnd> end_;
  const Bytes patch_{kVmgexitPatch.begin(), kVmgexitPatch.end()};
};

TEST_F(FirmwareGuest, APageThatIsNamedWithoutAVmgexitIsClosedUntilItIsUsed) {
  write_ghcb(kGhcb);
  EXPECT_EQ(ghcb_page(), MemoryView::Kind::kNothing);
  place_vmgexit(kCode + 100);
  EXPECT_TRUE(sev_.resolve_fault(vcpu_, 0));
  EXPECT_EQ(ghcb_page(), MemoryView::Kind::kShared);
  EXPECT_EQ(code(kCode + 100), patch_);
}

TEST_F(FirmwareGuest, VmgexitsNearTheCodeAreReplacedAndNoOthers) {
  for (const std::uint64_t at :
       {kCode - kPatchedReach / 2, kCode + kPageSize - 2, kCode + 2 * kPatchedReach}) {
    place_vmgexit(at);
  }
  patch_vmgexits(vcpu_, memory_.private_memory());
  EXPECT_EQ(code(kCode - kPatchedReach / 2), patch_);
  EXPECT_EQ(code(kCode + kPageSize - 2), patch_) << "across two pages";
  EXPECT_EQ(code(kCode + 2 * kPatchedReach), Bytes(kVmgexit.begin(), kVmgexit.end()));
}

TEST_F(FirmwareGuest, CodeAtTheEndOfTheImageIsLookedAtToo) {
  const std::uint64_t last = layout::kFlash.end().value() - kVmgexit.size();
  place_vmgexit(last);
  vcpu_.rip = last - 16;
  patch_vmgexits(vcpu_, memory_.private_memory());
  EXPECT_EQ(code(last), patch_);
}

TEST_F(FirmwareGuest, AReplacedVmgexitIsServedAndThePageClosedAgain) {
  write_ghcb(kGhcb);
  (void)sev_.resolve_fault(vcpu_, 0);
  ASSERT_TRUE(memory_.private_memory().write(GuestAddress(kCode), kVmgexitPatch));
  EXPECT_TRUE(execute_patch());
  EXPECT_FALSE(end_);
  ByteArray<8> info{};
  ASSERT_TRUE(memory_.shared_memory().read(GuestAddress(kGhcb + 0x398), info));
  EXPECT_EQ(get_le<std::uint64_t>(info, 0), 2U) << "no exit code: malformed input";
  EXPECT_EQ(ghcb_page(), MemoryView::Kind::kNothing);
}

TEST_F(FirmwareGuest, AHoldEndsWhereTheSipiSays) {
  ASSERT_TRUE(memory_.private_memory().write(GuestAddress(kCode), kVmgexitPatch));
  write_ghcb(0x006);
  EXPECT_TRUE(execute_patch());
  EXPECT_EQ(vcpu_.state, static_cast<std::uint32_t>(KVM_MP_STATE_UNINITIALIZED));
  vcpu_.state = KVM_MP_STATE_INIT_RECEIVED;
  vcpu_.rip = 0xfff0;
  sev_.return_without_exit(vcpu_, 0);
  EXPECT_EQ(vcpu_.rip, 0xfff0U) << "KVM's reset stays";
  EXPECT_EQ(vcpu_.state, static_cast<std::uint32_t>(KVM_MP_STATE_INIT_RECEIVED));
}

TEST_F(FirmwareGuest, WhatWasAnsweredWhenItWasWrittenIsNotServedAgain) {
  ASSERT_TRUE(memory_.private_memory().write(GuestAddress(kCode), kVmgexitPatch));
  write_ghcb(0x004);
  const std::uint64_t answer = ghcb();
  EXPECT_EQ(answer & 0xfff, 0x005U);
  EXPECT_TRUE(execute_patch());
  EXPECT_FALSE(end_);
  EXPECT_EQ(ghcb(), answer);
}

TEST_F(FirmwareGuest, AnotherWriteOfThatPortIsAWriteOfAPort) {
  EXPECT_FALSE(execute_patch()) << "another instruction";
  ASSERT_TRUE(memory_.private_memory().write(GuestAddress(kCode), kVmgexitPatch));
  vcpu_.exit_port(KVM_EXIT_IO_OUT, kVmgexitPort + 1, 1, 1);
  EXPECT_FALSE(sev_.take_port(vcpu_, 0, end_));
  SimulatedSev without_es(false, 39, memory_, std::vector<CpuidEntries>(1));
  vcpu_.exit_port(KVM_EXIT_IO_OUT, kVmgexitPort, 1, 1);
  EXPECT_FALSE(without_es.take_port(vcpu_, 0, end_));
}

TEST_F(FirmwareGuest, TheImageIsOneWithAndWithoutTheCBitAndItsWritesAreLost) {
  const std::uint64_t image = layout::kFlash.end().value() - kImage;
  EXPECT_EQ(memory_.seen_at(GuestAddress(image)), &memory_.private_memory());
  EXPECT_EQ(memory_.seen_at(GuestAddress(1ULL << 39 | image)), &memory_.private_memory());
  EXPECT_FALSE(memory_.shared_memory().contains(GuestAddress(image), 1));
  vcpu_.exit_memory(true, 1ULL << 39 | image, 4);
  vcpu_.run_area().mmio.data[0] = 0x55;
  EXPECT_FALSE(sev_.device_address(vcpu_, 0));
  EXPECT_EQ(code(image)[0], 0);
}

class ApicWithCBit : public testing::Test {
 protected:
  std::uint32_t read(std::uint64_t offset) {
    ByteArray<4> data{};
    apic_.access(vcpu_, 1, offset, false, data);
    return get_le<std::uint32_t>(data, 0);
  }
  void write(std::uint64_t offset, std::uint32_t value) {
    ByteArray<4> data{};
    put_le<std::uint32_t>(data, 0, value);
    apic_.access(vcpu_, 1, offset, true, data);
  }

  FakeVcpu vcpu_;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> sent_;
  SimulatedApic apic_{
      3, [this](std::uint64_t address, std::uint32_t data) { sent_.emplace_back(address, data); }};
};

TEST_F(ApicWithCBit, RegistersAreKvms) {
  vcpu_.apic[0x20] = 1U << 24;
  EXPECT_EQ(read(0x20), 1U << 24);
  write(0xf0, 0x1ff);
  EXPECT_EQ(vcpu_.apic[0xf0], 0x1ffU);
  EXPECT_EQ(read(0xffc), 0U) << "no register";
  write(0xb0, 0);
  EXPECT_EQ(vcpu_.apic.count(0xb0), 0U) << "the end of an interrupt is no state";
}

TEST_F(ApicWithCBit, InitAndSipiBecomeMessages) {
  write(0x310, 2U << 24);
  write(0x300, 0x00004500);  // INIT, assert
  write(0x300, 0x00008500);  // its end
  write(0x300, 0x00004687);  // SIPI
  using Messages = std::vector<std::pair<std::uint64_t, std::uint32_t>>;
  EXPECT_EQ(sent_, (Messages{{0xfee02000, 0x4500}, {0xfee02000, 0x4687}}));
}

TEST_F(ApicWithCBit, AllButItselfIsEachOther) {
  write(0x300, 0x000c4687);
  using Messages = std::vector<std::pair<std::uint64_t, std::uint32_t>>;
  EXPECT_EQ(sent_, (Messages{{0xfee00000, 0x4687}, {0xfee02000, 0x4687}}));
  sent_.clear();
  write(0x300, 0x000440fe);
  EXPECT_EQ(sent_, (Messages{{0xfee01000, 0x40fe}})) << "itself";
}

}  // namespace
}  // namespace virtsev::vmm::test
