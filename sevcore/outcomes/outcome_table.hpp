// SPDX-License-Identifier: LGPL-2.1-or-later
// The table behind explain_outcome.hpp: cause and next step for every firmware status, and for every errno
// that the kernel gives by itself.
#pragma once

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include "sevcore/abi/firmware_status.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::sevcore {

/// The kinds of call for which one errno means different things.
enum class KernelCall { kInitialize, kGuest, kPlatform, kRegistration };
inline constexpr std::array kAllKernelCalls = {KernelCall::kInitialize, KernelCall::kGuest,
                                               KernelCall::kPlatform, KernelCall::kRegistration};

/// ENOTSUPP: Linux's own number for what is not supported, in no header for programs and without a name in
/// libc.
inline constexpr int kKernelNotSupported = 524;

/// The errnos that Linux gives without the firmware (arch/x86/kvm/svm/sev.c, drivers/crypto/ccp/sev-dev.c).
inline constexpr std::array kKernelErrors = {EPERM,  ENOENT, EIO,    EBADF,     EAGAIN,
                                             ENOMEM, EACCES, EFAULT, EBUSY,     ENODEV,
                                             EINVAL, ENOTTY, ENOSPC, ETIMEDOUT, kKernelNotSupported};

struct Explanation {
  std::string cause;
  std::string next_step;
  ErrorCode code = ErrorCode::kOperationFailed;
};

/// What a status means; for some, what it means for this command (its specification name).
Explanation explain_status(std::string_view command, FirmwareStatus status);

/// What an errno of the kernel means where the firmware was not asked, or succeeded.
Explanation explain_errno(KernelCall call, int error_number);

}  // namespace virtsev::sevcore
