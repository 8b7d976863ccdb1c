// SPDX-License-Identifier: LGPL-2.1-or-later
// What makes a guest believe that it runs under SEV or SEV-ES: the two model specific registers that it asks,
// and VMGEXIT. Guest memory stays readable by the host: this simulates the interface, not the protection.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "driver/vmm/kvm/cpuid.hpp"
#include "driver/vmm/kvm/vcpu.hpp"
#include "driver/vmm/run/guest_mode.hpp"
#include "driver/vmm/simulated/strict_memory.hpp"

namespace virtsev::vmm {

class SimulatedSev final : public GuestMode {
 public:
  /// AMD APM volume 2, section 15.34.10 and 15.35.7. The two are neighbours: one filter covers both.
  static constexpr std::uint32_t kGhcbMsr = 0xc0010130;
  static constexpr std::uint32_t kSevStatusMsr = 0xc0010131;
  static constexpr std::uint32_t kMsrCount = 2;

  /// A kernel entered at its 32-bit entry reads SEV_STATUS three times before it can do without a C-bit
  /// nowhere (tried: Debian's 6.1 and 6.12); at this read, private and shared memory part.
  static constexpr std::uint32_t kSeparatingRead = 3;

  /// `cpuid`: each vCPU's leaves. `memory` outlives this.
  SimulatedSev(bool encrypted_state, std::uint32_t c_bit_position, StrictMemory& memory,
               std::vector<CpuidEntries> cpuid);

  /// Only for the registers above; others get #GP.
  void read_register(Vcpu& vcpu, std::uint32_t id) override;
  /// Serves the VMGEXIT that follows a write of the GHCB register.
  std::optional<GuestEnd> write_register(Vcpu& vcpu, std::uint32_t id) override;
  /// A vCPU that is held goes on behind its VMGEXIT, if another one has started it again.
  void return_without_exit(Vcpu& vcpu, std::uint32_t id) override;
  [[nodiscard]] std::optional<HiddenState> hidden_state() const override { return std::nullopt; }

 private:
  [[nodiscard]] bool at_vmgexit(Vcpu& vcpu, std::uint64_t instruction_pointer) const;

  bool encrypted_state_;
  std::uint32_t c_bit_position_;
  StrictMemory& memory_;
  std::vector<CpuidEntries> cpuid_;
  // Each vCPU's, touched by its own thread alone.
  std::vector<std::uint64_t> ghcb_;
  std::vector<std::optional<SavedRegisters>> held_;
  std::atomic<std::uint32_t> status_reads_{0};
};

}  // namespace virtsev::vmm
