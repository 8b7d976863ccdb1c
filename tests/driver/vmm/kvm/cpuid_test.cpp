// SPDX-License-Identifier: LGPL-2.1-or-later
// What a guest sees of its processor.
#include "driver/vmm/kvm/cpuid.hpp"

#include <gtest/gtest.h>

namespace virtsev::vmm::test {
namespace {

kvm_cpuid_entry2 entry(std::uint32_t function, std::uint32_t eax, std::uint32_t ebx, std::uint32_t ecx,
                       std::uint32_t edx) {
  kvm_cpuid_entry2 out{};
  out.function = function;
  out.eax = eax;
  out.ebx = ebx;
  out.ecx = ecx;
  out.edx = edx;
  return out;
}

/// A host that offers nested virtualisation, and whose topology leaves describe itself.
CpuidEntries host() {
  return {entry(0, 0x10, 0, 0, 0),
          entry(1, 0x00800f12, 0x07100800, 1U << 5 | 1U << 30, 0x178bfbff),
          entry(0xb, 1, 16, 0x100, 7),
          entry(0x1f, 1, 16, 0x100, 7),
          entry(0x80000000, 0x8000001e, 0, 0, 0),
          entry(0x80000001, 0, 0, 1U << 2 | 1U << 12 | 1U << 6, 0),
          entry(0x80000008, 0x3028, 0, 0x400f, 0),
          entry(0x8000000a, 1, 8, 0, 0xff),
          entry(0x8000001f, 0, 0, 0, 0),
          entry(0x80000026, 1, 2, 3, 4)};
}

CpuidRequest request(std::uint32_t vcpu = 0, std::uint32_t vcpus = 1) {
  CpuidRequest out;
  out.vcpu = vcpu;
  out.vcpus = vcpus;
  out.tsc_deadline = true;
  out.encryption = EncryptionLeaf{true, 39};
  return out;
}

const kvm_cpuid_entry2& leaf(const CpuidEntries& entries, std::uint32_t function, std::uint32_t index = 0) {
  const kvm_cpuid_entry2* found = find_leaf(entries, function, index);
  if (found == nullptr) {
    throw std::runtime_error("no such leaf");
  }
  return *found;
}

TEST(Cpuid, ASevEsGuestSeesItsEncryptionAndTheCBit) {
  const CpuidEntries entries = filter_cpuid(host(), request());
  EXPECT_EQ(leaf(entries, 0x8000001f).eax, 0xaU);
  EXPECT_EQ(leaf(entries, 0x8000001f).ebx, 39U | 1U << 6);
  EXPECT_EQ(leaf(entries, 0x80000000).eax, 0x8000001fU);
}

TEST(Cpuid, ASevGuestSeesNoEncryptedState) {
  CpuidRequest sev = request();
  sev.encryption->encrypted_state = false;
  EXPECT_EQ(leaf(filter_cpuid(host(), sev), 0x8000001f).eax, 2U);
}

TEST(Cpuid, AnOrdinaryGuestSeesNoEncryption) {
  CpuidRequest ordinary = request();
  ordinary.encryption.reset();
  EXPECT_EQ(find_leaf(filter_cpuid(host(), ordinary), 0x8000001f), nullptr);
}

TEST(Cpuid, NoGuestSeesNestedVirtualisation) {
  const CpuidEntries entries = filter_cpuid(host(), request());
  EXPECT_EQ(leaf(entries, 1).ecx & (1U << 5), 0U);
  EXPECT_EQ(leaf(entries, 0x80000001).ecx, 1U << 6);
  EXPECT_EQ(find_leaf(entries, 0x8000000a), nullptr);
}

TEST(Cpuid, NoGuestSeesTheHostsTopology) {
  const CpuidEntries entries = filter_cpuid(host(), request());
  EXPECT_EQ(find_leaf(entries, 0x1f), nullptr);
  EXPECT_EQ(find_leaf(entries, 0x80000026), nullptr);
}

TEST(Cpuid, AGuestKnowsThatItIsOneAndHasADeadlineTimerIfKvmDoes) {
  EXPECT_NE(leaf(filter_cpuid(host(), request()), 1).ecx & (1U << 31), 0U);
  EXPECT_NE(leaf(filter_cpuid(host(), request()), 1).ecx & (1U << 24), 0U);
  CpuidRequest without = request();
  without.tsc_deadline = false;
  EXPECT_EQ(leaf(filter_cpuid(host(), without), 1).ecx & (1U << 24), 0U);
}

TEST(Cpuid, EachVcpuFindsItsOwnIdInEveryTopologyLeaf) {
  const CpuidEntries entries = filter_cpuid(host(), request(2, 3));
  EXPECT_EQ(leaf(entries, 1).ebx, 0x02030800U);
  EXPECT_NE(leaf(entries, 1).edx & (1U << 28), 0U);
  EXPECT_EQ(leaf(entries, 0xb, 0).edx, 2U);
  EXPECT_EQ(leaf(entries, 0xb, 0).ebx, 1U);
  EXPECT_EQ(leaf(entries, 0xb, 1).eax, 2U);  // bits that 3 ids need
  EXPECT_EQ(leaf(entries, 0xb, 1).ebx, 3U);
  EXPECT_EQ(leaf(entries, 0xb, 1).edx, 2U);
  EXPECT_EQ(leaf(entries, 0x80000008).ecx, 2U | 2U << 12);
  EXPECT_EQ(leaf(entries, 0x8000001e).eax, 2U);
}

TEST(Cpuid, OneVcpuHasNoHyperthreads) {
  const CpuidEntries entries = filter_cpuid(host(), request());
  EXPECT_EQ(leaf(entries, 1).edx & (1U << 28), 0U);
  EXPECT_EQ(leaf(entries, 0xb, 1).eax, 0U);
}

TEST(Cpuid, TellsTheHostsPhysicalAddressBits) {
  EXPECT_EQ(physical_address_bits(host()), 40U);
  EXPECT_EQ(physical_address_bits({}), 36U);
}

}  // namespace
}  // namespace virtsev::vmm::test
