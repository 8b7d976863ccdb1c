// SPDX-License-Identifier: LGPL-2.1-or-later
// /dev/kvm (Linux, Documentation/virt/kvm/api.rst).
#pragma once

#include <cstdint>
#include <vector>

#include <linux/kvm.h>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {

class KvmHost {
 public:
  /// Throws Error where it is no KVM, or lacks something that every machine of ours needs.
  explicit KvmHost(UniqueFd device);

  /// KVM_CHECK_EXTENSION: 0 where the capability is not there.
  [[nodiscard]] int extension(unsigned long capability) const;
  /// KVM_CREATE_VM.
  [[nodiscard]] UniqueFd create_vm(unsigned long type) const;
  /// KVM_GET_SUPPORTED_CPUID.
  [[nodiscard]] std::vector<kvm_cpuid_entry2> supported_cpuid() const;
  /// How many bytes of a vCPU's descriptor are mapped.
  [[nodiscard]] std::size_t run_area_size() const;

 private:
  UniqueFd device_;
};

}  // namespace virtsev::vmm
