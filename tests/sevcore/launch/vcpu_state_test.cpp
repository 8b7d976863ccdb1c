// SPDX-License-Identifier: LGPL-2.1-or-later
// The VMSA page against the pages that two other tools make of the same state.
#include "sevcore/launch/vcpu_state.hpp"

#include <gtest/gtest.h>

#include "sevcore/base/hex.hpp"
#include "sevcore/crypto/crypto.hpp"

namespace virtsev::sevcore {
namespace {

/// QEMU's vCPU of model EPYC at reset.
VcpuState epyc_at_reset() {
  VcpuState state;
  state.rdx = 0x800f12;
  return state;
}

TEST(VmsaPage, IsThatOfSevSnpMeasureForInit2) {
  // sev-snp-measure (github.com/virtee/sev-snp-measure), mode seves, EPYC-v4, QEMU
  EXPECT_EQ(to_hex(crypto::sha256(vmsa_page(epyc_at_reset(), VmsaFlavour::kInit2))),
            "8295cef559b57130391d59605890ef93297720b48bef9a8c3c985b9c3fb0788c");
}

TEST(VmsaPage, IsThatOfSevSnpMeasureForASecondVcpu) {
  VcpuState state = epyc_at_reset();  // OVMF's reset block: 0x0080b004
  state.cs.base = 0x800000;
  state.rip = 0xb004;
  EXPECT_EQ(to_hex(crypto::sha256(vmsa_page(state, VmsaFlavour::kInit2))),
            "7ff723da33f39dedbe8336bb697e0a2f76471690074d5902e1a8177cd5312c95");
}

TEST(VmsaPage, IsThatOfVirtQemuSevValidateForLegacyInit) {
  // virt-qemu-sev-validate of libvirt 9.0, family 23, model 1, stepping 2
  EXPECT_EQ(to_hex(crypto::sha256(vmsa_page(epyc_at_reset(), VmsaFlavour::kLegacy))),
            "30a76bd1aa5adf81f02832d38c21e31b073cf0663dd2337455db2a3c210666af");
}

TEST(VmsaPage, HoldsWhatKvmAddsOrTakesAway) {
  VcpuState state;
  state.cr0 = 0x60000011;
  const auto page = vmsa_page(state, VmsaFlavour::kInit2, 0x21);
  EXPECT_EQ(get_le<std::uint64_t>(page, 0x0d0), 0x1000U);  // EFER.SVME
  EXPECT_EQ(get_le<std::uint64_t>(page, 0x148), 0x40U);    // CR4.MCE
  EXPECT_EQ(get_le<std::uint64_t>(page, 0x158), 0x11U);    // no CR0.CD, no CR0.NW
  EXPECT_EQ(get_le<std::uint64_t>(page, 0x3b0), 0x21U);    // SEV features
}

TEST(VmsaPage, HoldsEveryRegisterInItsPlace) {  // AMD APM volume 2, table B-4
  VcpuState state;
  state.rsp = 0x1d8;
  state.rax = 0x1f8;
  state.rcx = 0x308;
  state.rdx = 0x310;
  state.rbx = 0x318;
  state.rbp = 0x328;
  state.rsi = 0x330;
  state.rdi = 0x338;
  state.cr3 = 0x150;
  state.rip = 0x178;
  const auto page = vmsa_page(state, VmsaFlavour::kInit2);
  for (const std::size_t offset : {0x1d8, 0x1f8, 0x308, 0x310, 0x318, 0x328, 0x330, 0x338, 0x150, 0x178}) {
    EXPECT_EQ(get_le<std::uint64_t>(page, offset), offset);
  }
}

TEST(VmsaPage, HasThePrivilegeLevelOfTheStack) {
  VcpuState state;
  state.ss.attributes = 0xf3;
  EXPECT_EQ(vmsa_page(state, VmsaFlavour::kInit2)[0xcb], 3);
}

}  // namespace
}  // namespace virtsev::sevcore
