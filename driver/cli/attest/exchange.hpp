// SPDX-License-Identifier: LGPL-2.1-or-later
// From a guest that is off, or stands at its launch, to one that runs, attested; or that is gone.
#pragma once

#include <string>

#include "driver/cli/attest/guest.hpp"
#include "driver/cli/attest/owner.hpp"
#include "driver/cli/io/exit_status.hpp"

namespace virtsev::cli {

/// How it ended, for people and for scripts.
struct Attested {
  ExitStatus status = ExitStatus::kFailed;
  bool destroyed = false;
  std::string sentence;
  Prediction prediction;       ///< What fitted, for ExitStatus::kDone
  bool seen_before = false;    ///< The record knew this launch
  bool shown_running = false;  ///< A secret, which reaches this one launch, is in the guest
};

/// The refusal of a simulated platform.
Attested refuse_simulated(const AttestOptions& options, bool destroyed);

/// Starts the guest paused: true; or takes one that stands at its launch: false. Throws Error, and leaves the
/// guest as it is, where it runs or has run.
bool prepare(AttestedGuest& guest, const AttestOptions& options);

/// Verifies, records the launch, hands over the secrets, resumes. A guest that does not fit, or can't be
/// attested, does not stay; one that was not `started` here, and whose launch was finished before, does.
/// Throws nothing of libvirt's: what fails is in the answer.
Attested exchange(AttestedGuest& guest, Owner& owner, const AttestOptions& options, bool started);

}  // namespace virtsev::cli
