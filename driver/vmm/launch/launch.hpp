// SPDX-License-Identifier: LGPL-2.1-or-later
// The commands of a launch of SEV or SEV-ES, through the kernel's SEV interface (Linux,
// Documentation/virt/kvm/x86/amd-memory-encryption.rst).
#pragma once

#include <cstdint>
#include <functional>

#include "driver/vmm/memory/machine_memory.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/kernel/sev_vm.hpp"
#include "sevcore/launch/launch_plan.hpp"
#include "sevcore/outcomes/explain_outcome.hpp"

namespace virtsev::vmm {

/// The steps are called in this order, each once, inject_secret(), read_memory() and write_memory() any
/// number of times. All throw Error, with the kernel's and firmware's answer in words, and the next step for
/// the user.
class Launch {
 public:
  /// Told after each piece: how many bytes of guest memory are registered, and encrypted, of how many in all.
  using OnProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

  /// `vm` and `memory` outlive this.
  Launch(sevcore::SevVm& vm, const MachineMemory& memory) : vm_(vm), memory_(memory) {}

  /// KVM_SEV_INIT2, or the older KVM_SEV_INIT and KVM_SEV_ES_INIT: takes an ASID of `pool`. Before memory is
  /// plugged in and vCPUs are made.
  void initialise(const sevcore::AsidPool& pool, sevcore::VmsaFlavour flavour);
  /// From now on; `plan` is what will be loaded.
  void report_progress(const sevcore::LaunchPlan& plan, OnProgress on_progress);
  /// Registers all memory, which touches and pins it on hardware, in pieces of kRegisteredPiece: the kernel
  /// deals with one in well under a second, and whoever ends this process waits for no more than that.
  void register_memory();
  static constexpr std::uint64_t kRegisteredPiece = 1ULL << 30;
  /// LAUNCH_START.
  void start(sevcore::Policy policy, const sevcore::LaunchOwner& owner);
  /// Loads the regions, has the firmware encrypt and measure them (LAUNCH_UPDATE_DATA), and the vCPUs' state
  /// for SEV-ES (LAUNCH_UPDATE_VMSA).
  void load_and_measure(const sevcore::LaunchPlan& plan);
  /// LAUNCH_MEASURE: measurement and nonce, 48 bytes.
  Bytes measure();
  /// LAUNCH_SECRET: decrypts a packet into private memory. On failure nothing has changed.
  void inject_secret(ByteView header, ByteView secret, GuestAddress address);
  /// LAUNCH_FINISH: the guest may run; no secret can be given any more.
  void finish();

  /// DBG_DECRYPT: fills `to` with private memory, at any time after start(). The caller has checked that
  /// `from` to `from` + size lies within it. The firmware refuses it where the guest's policy has NODBG.
  void read_memory(GuestAddress from, MutableBytes to);
  /// DBG_ENCRYPT: the other direction, by the same rules. No vCPU runs meanwhile: the cipher's unit at either
  /// end is read and written back whole. Where the firmware fails in the middle, the pages before are
  /// written.
  void write_memory(GuestAddress to, ByteView bytes);

 private:
  void update_data(GuestAddress address, std::uint64_t size);
  void advance(std::uint64_t bytes);
  void debug(sevcore::GuestCommand command, const void* from, void* to, std::uint64_t size);

  sevcore::SevVm& vm_;
  const MachineMemory& memory_;
  OnProgress on_progress_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace virtsev::vmm
