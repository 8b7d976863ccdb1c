// SPDX-License-Identifier: LGPL-2.1-or-later
// What CPUID says of memory encryption.
#include <cpuid.h>

#include "sevcore/host-check/host_check.hpp"

namespace virtsev::sevcore {
namespace {

constexpr std::uint32_t kVendorLeaf = 0;
constexpr std::uint32_t kSignatureLeaf = 1;
constexpr std::uint32_t kMaxExtendedLeaf = 0x80000000;
constexpr std::uint32_t kEncryptionLeaf = 0x8000001f;

bool bit(std::uint32_t value, unsigned position) { return ((value >> position) & 1U) != 0; }

/// AMD APM volume 3: the extended fields count where the base family is full.
CpuModel model_of(std::uint32_t eax) {
  CpuModel cpu{eax >> 8 & 0xfU, eax >> 4 & 0xfU};
  if (cpu.family == 0xf) {
    cpu.family += eax >> 20 & 0xffU;
    cpu.model |= (eax >> 16 & 0xfU) << 4;
  }
  return cpu;
}

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
  facts.model = model_of(cpuid(kSignatureLeaf).eax);
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
