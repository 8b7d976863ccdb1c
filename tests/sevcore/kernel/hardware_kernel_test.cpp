// SPDX-License-Identifier: LGPL-2.1-or-later
// What of the hardware's side can be shown without hardware: how answers of other descriptors come through.
#include "sevcore/kernel/hardware_kernel.hpp"

#include <cerrno>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sevcore/base/error.hpp"
#include "sevcore/host-check/platform_information.hpp"

namespace virtsev::sevcore {
namespace {

UniqueFd null_device() { return UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)); }

TEST(HardwareKernel, PassesOnThatADescriptorIsNoVirtualMachine) {
  const UniqueFd fd = null_device();
  HardwareVm vm(fd.get(), fd.get());
  const Outcome outcome = vm.operate(GuestCommand::kInit, nullptr);
  EXPECT_EQ(outcome.error_number, ENOTTY);
  EXPECT_EQ(outcome.firmware_status, kNoFirmwareCall);
  EXPECT_EQ(vm.register_memory(&vm, 4096).error_number, ENOTTY);
  EXPECT_EQ(vm.unregister_memory(&vm, 4096).error_number, ENOTTY);
  EXPECT_FALSE(vm.simulated());
}

TEST(HardwareKernel, PassesOnThatADescriptorIsClosed) {
  HardwareVm vm(-1, -1);
  EXPECT_EQ(vm.operate(GuestCommand::kLaunchFinish, nullptr).error_number, EBADF);
}

TEST(HardwareKernel, SaysThatADeviceIsNotTheSecurityProcessor) {
  HardwareDevice device(null_device());
  EXPECT_FALSE(device.simulated());
  try {
    read_platform(device);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("not /dev/sev"), std::string::npos) << error.what();
  }
}

TEST(HardwareKernel, FindsNoSevInAVirtualMachineOfAHostWithout) {
  const UniqueFd kvm(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (!kvm || ::access("/dev/sev", F_OK) == 0) {
    GTEST_SKIP() << "needs a host with /dev/kvm and without /dev/sev";
  }
  constexpr unsigned long kCreateVm = 0xAE01;
  const UniqueFd vm_fd(::ioctl(kvm.get(), kCreateVm, 0));
  ASSERT_TRUE(vm_fd.valid());
  HardwareVm vm(vm_fd.get(), -1);
  EXPECT_EQ(vm.operate(GuestCommand::kInit, nullptr).error_number, ENOTTY);
}

}  // namespace
}  // namespace virtsev::sevcore
