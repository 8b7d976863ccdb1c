// SPDX-License-Identifier: LGPL-2.1-or-later
// The CPUID leaves that a guest sees. Numbers: AMD APM volume 3, appendix E.
#include "driver/vmm/kvm/cpuid.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "sevcore/kernel/reduced_phys_bits.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint32_t kFeatures = 1;
constexpr std::uint32_t kTopology = 0xb;
constexpr std::uint32_t kMaxExtended = 0x80000000;
constexpr std::uint32_t kExtendedFeatures = 0x80000001;
constexpr std::uint32_t kAddressSizes = 0x80000008;
constexpr std::uint32_t kSvm = 0x8000000a;
constexpr std::uint32_t kTopologyAmd = 0x8000001e;
constexpr std::uint32_t kEncryption = 0x8000001f;
constexpr std::uint32_t kTopologyV2Intel = 0x1f;
constexpr std::uint32_t kTopologyV2Amd = 0x80000026;

constexpr std::uint32_t kVmx = 1U << 5;              // 1.ECX
constexpr std::uint32_t kTscDeadline = 1U << 24;     // 1.ECX
constexpr std::uint32_t kHypervisor = 1U << 31;      // 1.ECX
constexpr std::uint32_t kHyperThreading = 1U << 28;  // 1.EDX
constexpr std::uint32_t kCmpLegacy = 1U << 1;        // 80000001.ECX
constexpr std::uint32_t kSvmFeature = 1U << 2;       // 80000001.ECX
constexpr std::uint32_t kSkinit = 1U << 12;          // 80000001.ECX
constexpr std::uint32_t kSev = 1U << 1;              // 8000001F.EAX
constexpr std::uint32_t kSevEs = 1U << 3;            // 8000001F.EAX

/// Nested virtualisation, which no such guest can have, and topologies that describe the host.
constexpr std::array kHidden = {kSvm, kTopologyV2Intel, kTopologyV2Amd};

kvm_cpuid_entry2& leaf(CpuidEntries& entries, std::uint32_t function) {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const kvm_cpuid_entry2& entry) {
    return entry.function == function && entry.index == 0;
  });
  if (found != entries.end()) {
    return *found;
  }
  kvm_cpuid_entry2 entry{};
  entry.function = function;
  return entries.emplace_back(entry);
}

void remove(CpuidEntries& entries, std::uint32_t function) {
  std::erase_if(entries, [&](const kvm_cpuid_entry2& entry) { return entry.function == function; });
}

std::uint32_t id_bits(std::uint32_t vcpus) { return static_cast<std::uint32_t>(std::bit_width(vcpus - 1)); }

void set_features(CpuidEntries& entries, const CpuidRequest& request) {
  kvm_cpuid_entry2& features = leaf(entries, kFeatures);
  const std::uint32_t counted = std::min<std::uint32_t>(request.vcpus, 0xff);
  features.ebx = (features.ebx & 0xffff) | counted << 16 | (request.vcpu & 0xff) << 24;
  features.ecx &= ~(kVmx | kTscDeadline);
  features.ecx |= kHypervisor | (request.tsc_deadline ? kTscDeadline : 0);
  features.edx &= ~kHyperThreading;
  features.edx |= request.vcpus > 1 ? kHyperThreading : 0;
  kvm_cpuid_entry2& extended = leaf(entries, kExtendedFeatures);
  extended.ecx &= ~(kSvmFeature | kSkinit | kCmpLegacy);
  extended.ecx |= request.vcpus > 1 ? kCmpLegacy : 0;
}

/// One package; every vCPU a core of one thread.
void set_topology(CpuidEntries& entries, const CpuidRequest& request) {
  const std::uint32_t bits = id_bits(request.vcpus);
  remove(entries, kTopology);
  constexpr std::uint32_t kSmtLevel = 1;
  constexpr std::uint32_t kCoreLevel = 2;
  for (std::uint32_t index = 0; index < 2; ++index) {
    kvm_cpuid_entry2 entry{};
    entry.function = kTopology;
    entry.index = index;
    entry.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
    entry.eax = index == 0 ? 0 : bits;
    entry.ebx = index == 0 ? 1 : request.vcpus;
    entry.ecx = index | (index == 0 ? kSmtLevel : kCoreLevel) << 8;
    entry.edx = request.vcpu;
    entries.push_back(entry);
  }
  kvm_cpuid_entry2& sizes = leaf(entries, kAddressSizes);
  sizes.ecx = (sizes.ecx & ~0xf0ffU) | (request.vcpus - 1) | bits << 12;
  kvm_cpuid_entry2& amd = leaf(entries, kTopologyAmd);
  amd.eax = request.vcpu;
  amd.ebx = request.vcpu & 0xff;
  amd.ecx = 0;
  amd.edx = 0;
}

void set_encryption(CpuidEntries& entries, const EncryptionLeaf& encryption) {
  // Bits 16 to 23: where a guest's addresses end. OVMF puts page tables and BARs below.
  kvm_cpuid_entry2& sizes = leaf(entries, kAddressSizes);
  sizes.eax = (sizes.eax & 0xff00ffffU) | encryption.c_bit_position << 16;
  kvm_cpuid_entry2& highest = leaf(entries, kMaxExtended);
  highest.eax = std::max(highest.eax, kEncryption);
  kvm_cpuid_entry2& out = leaf(entries, kEncryption);
  out.eax = kSev | (encryption.encrypted_state ? kSevEs : 0);
  out.ebx = encryption.c_bit_position | sevcore::kReducedPhysBits << 6;
  out.ecx = 0;
  out.edx = 0;
}

}  // namespace

const kvm_cpuid_entry2* find_leaf(std::span<const kvm_cpuid_entry2> entries, std::uint32_t function,
                                  std::uint32_t index) {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const kvm_cpuid_entry2& entry) {
    return entry.function == function && entry.index == index;
  });
  return found == entries.end() ? nullptr : &*found;
}

std::uint32_t physical_address_bits(std::span<const kvm_cpuid_entry2> entries) {
  constexpr std::uint32_t kWithoutLeaf = 36;
  const kvm_cpuid_entry2* sizes = find_leaf(entries, kAddressSizes);
  return sizes != nullptr && (sizes->eax & 0xff) != 0 ? sizes->eax & 0xff : kWithoutLeaf;
}

std::uint32_t cpu_signature(std::span<const kvm_cpuid_entry2> entries) {
  const kvm_cpuid_entry2* features = find_leaf(entries, kFeatures);
  return features == nullptr ? 0 : features->eax;
}

CpuidEntries filter_cpuid(const CpuidEntries& supported, const CpuidRequest& request) {
  CpuidEntries entries = supported;
  for (const std::uint32_t hidden : kHidden) {
    remove(entries, hidden);
  }
  set_features(entries, request);
  set_topology(entries, request);
  if (request.encryption) {
    set_encryption(entries, *request.encryption);
  } else {
    remove(entries, kEncryption);
  }
  return entries;
}

}  // namespace virtsev::vmm
