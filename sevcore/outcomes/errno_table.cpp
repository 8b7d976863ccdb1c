// SPDX-License-Identifier: LGPL-2.1-or-later
// What the kernel means where it refuses by itself: Linux, arch/x86/kvm/svm/sev.c and
// drivers/crypto/ccp/sev-dev.c.
#include <cstring>

#include "sevcore/base/text.hpp"
#include "sevcore/kernel/pinned_memory.hpp"
#include "sevcore/outcomes/outcome_table.hpp"

namespace virtsev::sevcore {
namespace {

std::string lock_more() {
  return text(
      "raise the limit on locked memory (RLIMIT_MEMLOCK, `LimitMEMLOCK=` of the service) to the guest's "
      "memory and {} MiB, give the guest less, or free memory on the host",
      kPinnedPiece >> 20);
}

Explanation on_initialize(int error_number) {
  switch (error_number) {
    case EBUSY:
    case ENOSPC:
    case EAGAIN:
      return {
          text("no ASID is free: as many encrypted guests run as this host can have, or the misc "
               "control group allows no more"),
          text("stop one, or give the pool more ASIDs: the BIOS setting \"SEV-ES ASID space limit\" divides "
               "them between SEV-ES and SEV (`virsh nodesevinfo` shows max-guests and max-es-guests)"),
          ErrorCode::kResourceBusy};
    case EINVAL:
      return {
          text("the virtual machine has vCPUs already, is encrypted already, is of another type, or asks for "
               "features that this kernel does not give"),
          text("use a Linux of 6.10 or later for INIT2, an older interface otherwise"),
          ErrorCode::kConfigUnsupported};
    case ENOTTY:
      return {
          text("kvm_amd does not offer this kind of encryption, or has no ASIDs for it"),
          text("`virtsev host` says whether the processor, the BIOS or kvm_amd's parameters are at fault"),
          ErrorCode::kConfigUnsupported};
    default:
      return {};
  }
}

Explanation on_guest(int error_number) {
  switch (error_number) {
    case ENOTTY:
      return {text("the virtual machine is not encrypted, or not with SEV-ES as this command needs"),
              text("SEV must be initialised before, SEV-ES where VMSAs are to be encrypted"),
              ErrorCode::kOperationInvalid};
    case EINVAL:
      return {text("the kernel refuses the command or its parameters"),
              text("a secret must lie within one page, no blob may exceed 16384 bytes, and SEND and RECEIVE "
                   "of VMSAs do not exist in Linux"),
              ErrorCode::kInvalidArgument};
    case ENOMEM:  // Of what goes over guest memory, Linux pins the range first (sev_pin_memory)
      return {text("the guest memory that the command goes over can't be locked in the host's memory"),
              lock_more(), ErrorCode::kSystemError};
    case EBADF:
      return {text("the descriptor given is not /dev/sev"), text("open /dev/sev and try again"),
              ErrorCode::kInternal};
    default:
      return {};
  }
}

Explanation on_platform(int error_number) {
  switch (error_number) {
    case EPERM:
    case EACCES:
      return {text("changing the platform needs /dev/sev opened for writing"),
              text("run this as root, or give yourself write permission on /dev/sev"),
              ErrorCode::kAccessDenied};
    case EBUSY:
      return {text("encrypted guests are running, or the security processor has stopped answering"),
              text("stop all encrypted guests; where there are none, look at dmesg for ccp"),
              ErrorCode::kResourceBusy};
    case ENOTTY:
      return {text("the device given is not /dev/sev"), text("give the path of /dev/sev"),
              ErrorCode::kInvalidArgument};
    case EINVAL:
      return {text("this kernel does not know the command, or its parameters are wrong"),
              text("use a newer Linux, or check the lengths of the certificates"),
              ErrorCode::kOperationUnsupported};
    default:
      return {};
  }
}

Explanation on_registration(int error_number) {
  switch (error_number) {
    case ENOMEM:
      return {text("the guest's memory can't be locked in the host's memory"), lock_more(),
              ErrorCode::kSystemError};
    case EINVAL:
      return {text("the memory range is empty, wraps around, or was not registered"),
              text("report this: virtsev asked for the wrong range"), ErrorCode::kInternal};
    case ENOTTY:
      return {text("the virtual machine is not encrypted"), text("SEV must be initialised before"),
              ErrorCode::kOperationInvalid};
    default:
      return {};
  }
}

Explanation on_any(int error_number) {
  switch (error_number) {
    case ENODEV:
    case ENOENT:
      return {text("this host has no working security processor (PSP)"),
              text("enable it in the BIOS, and load the ccp module"), ErrorCode::kConfigUnsupported};
    case EPERM:
    case EACCES:
      return {text("permission denied"), text("run this as root, or ask for access to /dev/kvm and /dev/sev"),
              ErrorCode::kAccessDenied};
    case EBUSY:
      return {text("the security processor has stopped answering, or is busy"),
              text("look at dmesg for ccp; where it says that the PSP is dead, restart the host"),
              ErrorCode::kSystemError};
    case ETIMEDOUT:
      return {text("the security processor did not answer in time, and the kernel has given it up"),
              text("restart the host"), ErrorCode::kSystemError};
    case ENOMEM:
    case EAGAIN:
    case ENOSPC:
      return {text("the kernel is short of memory or of another resource"),
              text("free memory on the host, and try again"), ErrorCode::kSystemError};
    case EFAULT:
      return {text("the kernel can't read or write a buffer of virtsev"),
              text("report this: it is a fault of virtsev"), ErrorCode::kInternal};
    case EIO:
      return {text("the firmware refused, and the kernel did not say why"),
              text("look at dmesg for ccp, and update the host's kernel"), ErrorCode::kSystemError};
    case kKernelNotSupported:
      return {
          text("the kernel or the firmware does not support this command"),
          text("update the host's kernel and the SEV firmware (linux-firmware's amd/*.sbin, or the BIOS)"),
          ErrorCode::kOperationUnsupported};
    case EINVAL:
    case ENOTTY:
    case EBADF:
      return {text("the kernel does not know this command here"), text("use a newer Linux"),
              ErrorCode::kOperationUnsupported};
    default:
      return {text("the kernel failed: {}", ::strerror(error_number)), text("look at dmesg for kvm and ccp"),
              ErrorCode::kSystemError};
  }
}

}  // namespace

Explanation explain_errno(KernelCall call, int error_number) {
  Explanation explanation;
  switch (call) {
    case KernelCall::kInitialize:
      explanation = on_initialize(error_number);
      break;
    case KernelCall::kGuest:
      explanation = on_guest(error_number);
      break;
    case KernelCall::kPlatform:
      explanation = on_platform(error_number);
      break;
    case KernelCall::kRegistration:
      explanation = on_registration(error_number);
      break;
  }
  return explanation.cause.empty() ? on_any(error_number) : explanation;
}

}  // namespace virtsev::sevcore
