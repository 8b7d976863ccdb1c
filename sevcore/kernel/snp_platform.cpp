// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/kernel/snp_platform.hpp"

#include "sevcore/base/text.hpp"

namespace virtsev::sevcore {
namespace {

enum class Generation : std::uint8_t { kOther, kZen3And4, kZen5 };

Generation generation_of(const CpuModel& cpu) {
  constexpr std::uint32_t kFirstModelAfterZen5 = 0x50;  // Of those that are servers
  if (cpu.family == 0x19) {
    return Generation::kZen3And4;
  }
  return cpu.family == 0x1a && cpu.model < kFirstModelAfterZen5 ? Generation::kZen5 : Generation::kOther;
}

std::uint8_t byte_of(std::uint64_t value, unsigned number) {
  return static_cast<std::uint8_t>(value >> (8 * number));
}

}  // namespace

std::optional<SnpStatus> read_snp_status(SevDevice& device) {
  SnpPlatformStatusArguments answer;
  if (!device.issue(PlatformCommand::kSnpPlatformStatus, &answer).ok()) {
    return std::nullopt;
  }
  return SnpStatus{answer.state == kSnpInitialized, answer.current_tcb};
}

std::optional<std::uint8_t> snp_security_version(std::uint64_t tcb, const CpuModel& cpu) {
  switch (generation_of(cpu)) {  // SEV-SNP ABI, TCB_VERSION
    case Generation::kZen3And4:
      return byte_of(tcb, 6);
    case Generation::kZen5:
      return byte_of(tcb, 3);
    case Generation::kOther:
      break;
  }
  return std::nullopt;
}

bool refuses_es(const SnpStatus& status, const CpuModel& cpu) {
  constexpr std::uint8_t kSinceOnZen3And4 = 0x1b;
  constexpr std::uint8_t kSinceOnZen5 = 4;
  const auto version = snp_security_version(status.current_tcb, cpu);
  const bool zen5 = generation_of(cpu) == Generation::kZen5;
  return status.initialized && version && *version >= (zen5 ? kSinceOnZen5 : kSinceOnZen3And4);
}

std::string cure_of_snp() {
  return text(
      "switch SEV-SNP off in the BIOS, or boot the host with sev=nosnp (Linux 6.13 and later; "
      "kvm_amd.sev_snp=0 alone leaves it initialised), or use a policy without the ES bit");
}

}  // namespace virtsev::sevcore
