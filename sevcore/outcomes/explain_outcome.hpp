// SPDX-License-Identifier: LGPL-2.1-or-later
// From what the kernel and the firmware answered to words: the cause, and the next step. No errno or status
// reaches a user as a bare number.
#pragma once

#include <string>
#include <string_view>

#include "sevcore/base/error.hpp"
#include "sevcore/kernel/sev_vm.hpp"

namespace virtsev::sevcore {

/// The specification's names: LAUNCH_START, PDH_CERT_EXPORT, POLICY_FAILURE, LUPDATE; "?" for a number that
/// is none of them.
std::string_view name_of(GuestCommand command);
std::string_view name_of(PlatformCommand command);
std::string_view name_of(FirmwareStatus status);
std::string_view name_of(GuestState state);

/// "LAUNCH_START failed: <cause>; <next step> (errno ..., firmware status ...)". For an outcome that is not
/// ok().
std::string explain(GuestCommand command, const Outcome& outcome);
std::string explain(PlatformCommand command, const Outcome& outcome);

/// The same as an Error with the libvirt error number that fits: what the caller's request was wrong about,
/// or what the host refuses.
Error sev_error(GuestCommand command, const Outcome& outcome);
Error sev_error(PlatformCommand command, const Outcome& outcome);
/// KVM_MEMORY_ENCRYPT_REG_REGION and KVM_MEMORY_ENCRYPT_UNREG_REGION.
Error registration_error(const Outcome& outcome);

/// The ASIDs that guests of one kind share: as many of them can run at once on the host.
struct AsidPool {
  bool encrypted_state = false;  ///< SEV-ES
  std::uint32_t size = 0;
  bool simulated = false;
};
/// sev_error() for kInit, kEsInit and kInit2: names the pool, its size, and what makes it larger, where it is
/// exhausted.
Error initialization_error(GuestCommand command, const Outcome& outcome, AsidPool pool);

}  // namespace virtsev::sevcore
