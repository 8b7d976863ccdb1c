// SPDX-License-Identifier: LGPL-2.1-or-later
// A platform that passes everything on to another: a test changes what it is about.
#pragma once

#include <memory>
#include <utility>

#include "driver/vmm/launch/platform.hpp"

namespace virtsev::vmm::test {

class PlatformProxy : public Platform {
 public:
  explicit PlatformProxy(std::unique_ptr<Platform> platform) : platform_(std::move(platform)) {}
  [[nodiscard]] std::uint32_t c_bit_position() const override { return platform_->c_bit_position(); }
  sevcore::SevDevice& device() override { return platform_->device(); }
  [[nodiscard]] sevcore::AsidPool asid_pool(const sevcore::Protection& protection) const override {
    return platform_->asid_pool(protection);
  }
  [[nodiscard]] sevcore::Protection as_launched_here(sevcore::Protection asked) const override {
    return platform_->as_launched_here(std::move(asked));
  }
  [[nodiscard]] unsigned long kvm_vm_type(const sevcore::Protection& protection) const override {
    return platform_->kvm_vm_type(protection);
  }
  std::unique_ptr<sevcore::SevVm> make_sev_vm(int vm, const sevcore::Protection& protection,
                                              sevcore::VcpuStates states) override {
    return platform_->make_sev_vm(vm, protection, std::move(states));
  }
  std::unique_ptr<MachineMemory> make_memory(std::uint64_t size, std::uint64_t firmware) override {
    return platform_->make_memory(size, firmware);
  }
  std::unique_ptr<GuestMode> make_mode(KvmVm& vm, const sevcore::Protection& protection,
                                       std::vector<CpuidEntries> cpuid) override {
    return platform_->make_mode(vm, protection, std::move(cpuid));
  }

 private:
  std::unique_ptr<Platform> platform_;
};

}  // namespace virtsev::vmm::test
