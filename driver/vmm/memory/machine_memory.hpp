// SPDX-License-Identifier: LGPL-2.1-or-later
// A machine's memory: what the guest finds at which address, and how KVM is told.
#pragma once

#include <cstdint>

#include "driver/vmm/kvm/kvm_vm.hpp"
#include "driver/vmm/memory/guest_memory.hpp"
#include "driver/vmm/memory/host_memory.hpp"

namespace virtsev::vmm {

class MachineMemory {
 public:
  virtual ~MachineMemory() = default;
  /// What the launch plan's encrypted regions are loaded into.
  [[nodiscard]] virtual const GuestMemory& private_memory() const = 0;
  /// What devices, the GHCB and unencrypted regions see.
  [[nodiscard]] virtual const GuestMemory& shared_memory() const = 0;
  /// Tells KVM of all of it.
  virtual void plug_into(KvmVm& vm) = 0;
};

/// One memory for everything: a guest on hardware, where the processor tells private from shared, and an
/// unprotected one.
class PlainMemory final : public MachineMemory {
 public:
  explicit PlainMemory(std::uint64_t size);
  [[nodiscard]] const GuestMemory& private_memory() const override { return view_; }
  [[nodiscard]] const GuestMemory& shared_memory() const override { return view_; }
  void plug_into(KvmVm& vm) override;

 private:
  HostMemory memory_;
  GuestMemory view_;
};

/// RAM of `size` bytes as the memory layout places it, with `host` behind it: low RAM first.
GuestMemory lay_out(std::uint64_t size, std::uint8_t* host);

}  // namespace virtsev::vmm
