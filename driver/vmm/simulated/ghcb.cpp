// SPDX-License-Identifier: LGPL-2.1-or-later
// The guest-hypervisor communication block. Numbers: AMD document 56421, "GHCB MSR protocol" and "Supported
// VMGEXITs"; all are version 1's except the hypervisor features.
#include "driver/vmm/simulated/ghcb.hpp"

#include "driver/vmm/simulated/ghcb_page.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

// Bits 0-11 of the register.
constexpr std::uint64_t kInfoMask = 0xfff;
constexpr std::uint64_t kPageAddress = 0x000;
constexpr std::uint64_t kSevInfo = 0x001;
constexpr std::uint64_t kSevInfoRequest = 0x002;
constexpr std::uint64_t kCpuidRequest = 0x004;
constexpr std::uint64_t kCpuidResponse = 0x005;
constexpr std::uint64_t kApResetHoldRequest = 0x006;
constexpr std::uint64_t kApResetHoldResponse = 0x007;
constexpr std::uint64_t kFeaturesRequest = 0x080;
constexpr std::uint64_t kFeaturesResponse = 0x081;
constexpr std::uint64_t kTermination = 0x100;

constexpr std::uint64_t kMaxVersion = 2;
constexpr std::uint64_t kMinVersion = 1;

// Exit codes in a page.
constexpr std::uint64_t kNmiComplete = 0x80000003;
constexpr std::uint64_t kApResetHold = 0x80000004;
constexpr std::uint64_t kApJumpTable = 0x80000005;
constexpr std::uint64_t kHypervisorFeatures = 0x8000fffd;

constexpr std::uint64_t kGetJumpTable = 1;
constexpr std::uint64_t kMalformedInput = 2;  // SW_EXITINFO1
constexpr std::uint64_t kInvalidEvent = 6;    // SW_EXITINFO2
constexpr std::uint64_t kMissingInput = 4;    // SW_EXITINFO2

std::uint64_t answer_cpuid(std::uint64_t value, const CpuidEntries& cpuid) {
  const auto function = static_cast<std::uint32_t>(value >> 32);
  const std::uint64_t which = (value >> 30) & 3;
  const kvm_cpuid_entry2* entry = find_leaf(cpuid, function);
  std::uint32_t answer = 0;
  if (entry != nullptr) {
    const std::uint32_t registers[] = {entry->eax, entry->ebx, entry->ecx, entry->edx};
    answer = registers[which];
  }
  return static_cast<std::uint64_t>(answer) << 32 | which << 30 | kCpuidResponse;
}

GhcbAnswer terminate(std::uint64_t value) {
  const std::uint64_t reason_set = (value >> 12) & 0xf;
  const std::uint64_t reason = (value >> 16) & 0xff;
  GhcbAnswer answer;
  answer.terminated = text("the guest asked to be terminated (GHCB termination, reason set {}, reason {})",
                           reason_set, reason);
  return answer;
}

GhcbAnswer serve_page(const GhcbPage& page) {
  const std::optional<std::uint64_t> code = page.read(GhcbPage::kExitCode);
  if (!code) {
    page.answer(kMalformedInput, kMissingInput);
    return {};
  }
  switch (*code) {
    case kApResetHold: {
      GhcbAnswer answer;
      answer.hold = true;
      return answer;
    }
    case kApJumpTable:
      // No jump table: simulated vCPUs come up by INIT and SIPI.
      page.answer(0, page.read(GhcbPage::kExitInfo1) == kGetJumpTable
                         ? 0
                         : page.read(GhcbPage::kExitInfo2).value_or(0));
      return {};
    case kNmiComplete:
    case kHypervisorFeatures:
      page.answer(0, 0);
      return {};
    default:
      page.answer(kMalformedInput, kInvalidEvent);
      return {};
  }
}

}  // namespace

std::uint64_t ghcb_sev_info(std::uint32_t c_bit_position) {
  return kMaxVersion << 48 | kMinVersion << 32 | static_cast<std::uint64_t>(c_bit_position) << 24 | kSevInfo;
}

bool is_ghcb_msr_request(std::uint64_t value) {
  constexpr std::uint64_t kTerminationBits = 0xffffff;  // above them are reserved ones
  switch (value & kInfoMask) {
    case kSevInfoRequest:
    case kCpuidRequest:
    case kFeaturesRequest:
      return true;
    case kTermination:
      return (value & ~kTerminationBits) == 0;
    default:
      return false;
  }
}

bool ghcb_waits_for_vmgexit(std::uint64_t value) {
  return (value & kInfoMask) == kPageAddress || (value & kInfoMask) == kApResetHoldRequest;
}

std::uint64_t end_ghcb_hold(std::uint64_t value, const GuestMemory& memory) {
  constexpr std::uint64_t kStarted = 1;
  if ((value & kInfoMask) == kPageAddress) {
    GhcbPage(memory, GuestAddress(value)).answer(0, kStarted);
    return value;
  }
  return kStarted << 12 | kApResetHoldResponse;
}

GhcbAnswer serve_ghcb(std::uint64_t value, std::uint32_t c_bit_position, const GuestMemory& memory,
                      const CpuidEntries& cpuid) {
  GhcbAnswer answer;
  switch (value & kInfoMask) {
    case kPageAddress:
      return serve_page(GhcbPage(memory, GuestAddress(value)));
    case kSevInfoRequest:
      answer.register_value = ghcb_sev_info(c_bit_position);
      return answer;
    case kCpuidRequest:
      answer.register_value = answer_cpuid(value, cpuid);
      return answer;
    case kApResetHoldRequest:
      answer.hold = true;
      return answer;
    case kFeaturesRequest:
      answer.register_value = kFeaturesResponse;  // none
      return answer;
    case kTermination:
      return terminate(value);
    default:
      answer.terminated =
          text("the guest made a GHCB request that no version of the protocol has ({:#x})", value);
      return answer;
  }
}

}  // namespace virtsev::vmm
