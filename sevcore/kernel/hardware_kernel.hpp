// SPDX-License-Identifier: LGPL-2.1-or-later
// The real kernel behind SevDevice and SevVm: ioctls on /dev/sev and on a KVM virtual machine. Not yet shown
// on hardware.
#pragma once

#include "sevcore/base/unique_fd.hpp"
#include "sevcore/kernel/sev_vm.hpp"

namespace virtsev::sevcore {

/// /dev/sev.
class HardwareDevice : public SevDevice {
 public:
  /// `device`: /dev/sev, open for reading; for reading and writing where the platform is to be changed.
  explicit HardwareDevice(UniqueFd device) : device_(std::move(device)) {}
  Outcome issue(PlatformCommand command, void* data) override;
  [[nodiscard]] bool simulated() const override { return false; }
  [[nodiscard]] int descriptor() const { return device_.get(); }

 private:
  UniqueFd device_;
};

/// A KVM virtual machine. Both descriptors are borrowed, and stay open as long as this lives.
class HardwareVm : public SevVm {
 public:
  /// `vm`: from KVM_CREATE_VM; `sev_device`: /dev/sev, through which KVM reaches the firmware.
  HardwareVm(int vm, int sev_device) : vm_(vm), sev_device_(sev_device) {}
  Outcome operate(GuestCommand command, void* data) override;
  Outcome register_memory(void* address, std::size_t size) override;
  Outcome unregister_memory(void* address, std::size_t size) override;
  [[nodiscard]] bool simulated() const override { return false; }

 private:
  int vm_;
  int sev_device_;
};

}  // namespace virtsev::sevcore
