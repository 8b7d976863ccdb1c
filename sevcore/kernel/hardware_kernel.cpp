// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/kernel/hardware_kernel.hpp"

#include <cerrno>

#include <linux/ioctl.h>
#include <sys/ioctl.h>

namespace virtsev::sevcore {
namespace {

// Linux include/uapi/linux/kvm.h (the type byte of KVM's ioctls is 0xAE) and include/uapi/linux/psp-sev.h.
constexpr unsigned long kMemoryEncryptOp = _IOWR(0xAE, 0xba, unsigned long);
constexpr unsigned long kRegisterRegion = _IOR(0xAE, 0xbb, KvmEncryptedRegion);
constexpr unsigned long kUnregisterRegion = _IOR(0xAE, 0xbc, KvmEncryptedRegion);
constexpr unsigned long kIssueCommand = _IOWR('S', 0, SevIssueCommand);
static_assert(kMemoryEncryptOp == 0xC008AEBA && kRegisterRegion == 0x8010AEBB &&
              kUnregisterRegion == 0x8010AEBC && kIssueCommand == 0xC0105300);

std::uint64_t address_of(void* data) { return reinterpret_cast<std::uintptr_t>(data); }

/// `firmware_status` starts as kNoFirmwareCall, so it stays that where the kernel does not write it back.
Outcome run(int fd, unsigned long request, void* argument, const std::uint32_t& firmware_status) {
  if (::ioctl(fd, request, argument) == 0) {
    return {};
  }
  return {errno, firmware_status};
}

Outcome change_region(int vm, unsigned long request, void* address, std::size_t size) {
  KvmEncryptedRegion region{address_of(address), size};
  return run(vm, request, &region, kNoFirmwareCall);
}

}  // namespace

Outcome HardwareDevice::issue(PlatformCommand command, void* data) {
  SevIssueCommand call{static_cast<std::uint32_t>(command), address_of(data), kNoFirmwareCall};
  if (::ioctl(device_.get(), kIssueCommand, &call) == 0) {
    return {};
  }
  return {errno, call.error};
}

Outcome HardwareVm::operate(GuestCommand command, void* data) {
  KvmSevCommand call;
  call.id = static_cast<std::uint32_t>(command);
  call.data = address_of(data);
  call.error = kNoFirmwareCall;
  call.sev_fd = static_cast<std::uint32_t>(sev_device_);
  return run(vm_, kMemoryEncryptOp, &call, call.error);
}

Outcome HardwareVm::register_memory(void* address, std::size_t size) {
  return change_region(vm_, kRegisterRegion, address, size);
}

Outcome HardwareVm::unregister_memory(void* address, std::size_t size) {
  return change_region(vm_, kUnregisterRegion, address, size);
}

}  // namespace virtsev::sevcore
