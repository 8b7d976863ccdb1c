// SPDX-License-Identifier: LGPL-2.1-or-later
// What CPUID says of memory encryption.
#include <cpuid.h>

#include "sevcore/kernel/host_check.hpp"

namespace virtsev::sevcore {
namespace {

constexpr std::uint32_t kVendorLeaf = 0;
constexpr std::uint32_t kMaxExtendedLeaf = 0x80000000;
constexpr std::uint32_t kEncryptionLeaf = 0x8000001f;

bool bit(std::uint32_t value, unsigned position) { return ((value >> position) & 1U) != 0; }

bool is_amd(const CpuidLeaf& vendor) {
  constexpr CpuidLeaf kAuthenticAmd{0, 0x68747541, 0x444d4163, 0x69746e65};
  constexpr CpuidLeaf kHygonGenuine{0, 0x6f677948, 0x656e6975, 0x6e65476e};
  const auto equals = [&vendor](const CpuidLeaf& other) {
    return vendor.ebx == other.ebx && vendor.ecx == other.ecx && vendor.edx == other.edx;
  };
  return equals(kAuthenticAmd) || equals(kHygonGenuine);
}

}  // namespace

CpuidLeaf host_cpuid(std::uint32_t leaf) {
  CpuidLeaf out;
  __cpuid_count(leaf, 0, out.eax, out.ebx, out.ecx, out.edx);
  return out;
}

CpuFacts read_cpu_facts(const Cpuid& cpuid) {
  CpuFacts facts;
  facts.amd = is_amd(cpuid(kVendorLeaf));
  if (!facts.amd || cpuid(kMaxExtendedLeaf).eax < kEncryptionLeaf) {
    return facts;
  }
  const CpuidLeaf leaf = cpuid(kEncryptionLeaf);
  facts.sev = bit(leaf.eax, 1);
  facts.es = bit(leaf.eax, 3);
  facts.snp = bit(leaf.eax, 4);
  if (facts.sev) {
    facts.c_bit_position = leaf.ebx & 0x3f;
    facts.max_asid = leaf.ecx;
    facts.min_sev_asid = leaf.edx;
  }
  return facts;
}

}  // namespace virtsev::sevcore
