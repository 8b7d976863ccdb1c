// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/attest/exchange.hpp"

#include "driver/cli/io/output.hpp"
#include "driver/cli/owner/mismatch.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

Fit judge_launch(const Owner& owner, const ReportedLaunch& report) {
  if (report.policy != owner.policy) {
    return {false,
            owner.predictions.front(),
            {Fault::kPolicy, text("the host says policy {}, you expect {}", sevcore::describe(report.policy),
                                  sevcore::describe(owner.policy))}};
  }
  // The version is in the measurement, under the TIK: a host that names a wrong one does not fit.
  return hold_against(owner.tik, {report.firmware, owner.policy, {}}, owner.predictions, report.measurement,
                      owner.made_from ? &*owner.made_from : nullptr, owner.session);
}

void inject_secrets(AttestedGuest& guest, const Owner& owner, const sevcore::Measurement& measurement,
                    const std::string& domain) {
  if (owner.secret_table.empty()) {
    return;
  }
  guest.inject(
      sevcore::pack_secret(sevcore::TransportKeys(owner.tek, owner.tik), measurement, owner.secret_table));
  note(text("{}: the secret is in", domain));
}

/// A launch that was finished once is shown again: by a host that keeps its measurement for another guest, or
/// after a run that was cut off.
Attested refuse_seen(AttestedGuest& guest, const AttestOptions& options, const KnownLaunch& known,
                     bool started) {
  if (started) {
    guest.destroy();
    return {ExitStatus::kNo,
            true,
            text("{}: destroyed: {}; the host shows an old launch for one that has just begun",
                 options.domain, describe(known)),
            {}};
  }
  return {
      ExitStatus::kNo,
      false,
      text("{}: refused, and left paused: {}; the host may show an old launch for another guest. Where that "
           "run was cut off before the guest ran, --again takes it once more",
           options.domain, describe(known)),
      {}};
}

std::string success(const Owner& owner, const AttestOptions& options, const Fit& fit) {
  const std::string digest = to_hex(fit.prediction.digest);
  return owner.secret_table.empty()
             ? text(
                   "{}: attested, and resumed: launch digest {}, policy {}; without a secret, this shows "
                   "that "
                   "such a guest was launched at some time, and not that it is the running one",
                   options.domain, digest, sevcore::describe(owner.policy))
             : text("{}: attested and running: launch digest {}, policy {}", options.domain, digest,
                    sevcore::describe(owner.policy));
}

/// What throws leaves the guest to the caller.
Attested attempt(AttestedGuest& guest, Owner& owner, const AttestOptions& options, bool started) {
  const ReportedLaunch report = guest.launch();
  if (report.simulated && !options.allow_simulated) {
    guest.destroy();
    return refuse_simulated(options, true);
  }
  const Fit fit = judge_launch(owner, report);
  if (!fit.fits) {
    guest.destroy();
    return {ExitStatus::kNo,
            true,
            text("{}: destroyed, as its measurement does NOT fit: {}", options.domain, fit.diagnosis.reason),
            {}};
  }
  note(text("{}: the measurement fits", options.domain));
  if (owner.predictions.size() > 1) {
    note(text("the vCPUs' initial state is as --vmsa {} says", fit.prediction.vmsa));
  }
  // Before anything is handed over: a run that is cut off from here on has finished this launch.
  const auto known =
      record_launch(owner.record, report.measurement.mnonce, LaunchStep::kFinished, owner.kernel);
  if (known) {
    if (known->step == LaunchStep::kFinished && !options.again) {
      Attested refused = refuse_seen(guest, options, *known, started);
      refused.seen_before = true;
      return refused;
    }
    note(text("{}: {}", options.domain, describe(*known)));
  }
  inject_secrets(guest, owner, report.measurement, options.domain);
  guest.resume();
  return {ExitStatus::kDone,          false, success(owner, options, fit), fit.prediction, known.has_value(),
          !owner.secret_table.empty()};
}

}  // namespace

Attested refuse_simulated(const AttestOptions& options, bool destroyed) {
  return {ExitStatus::kSimulated,
          destroyed,
          text("{}: refused: {} is a SIMULATED platform, whose host can read everything in the guest; "
               "--allow-simulated takes it for a trial",
               options.domain, options.uri),
          {}};
}

bool prepare(AttestedGuest& guest, const AttestOptions& options) {
  switch (guest.state()) {
    case AttestedState::kOff:
      note(text("{}: starting it, paused", options.domain));
      guest.start_paused();
      return true;
    case AttestedState::kAtLaunch:
      note(text("{}: it is paused", options.domain));
      return false;
    case AttestedState::kSuspended:
      throw Error(ErrorCode::kOperationInvalid,
                  text("{}: it has run already, and was suspended, so its launch is over; it was left as it "
                       "is: shut it down first, then "
                       "attest its start",
                       options.domain));
    case AttestedState::kOther:
      break;
  }
  throw Error(ErrorCode::kOperationInvalid,
              text("{}: it runs already, so its launch is over: shut it down first, then attest its start",
                   options.domain));
}

Attested exchange(AttestedGuest& guest, Owner& owner, const AttestOptions& options, bool started) {
  try {
    return attempt(guest, owner, options, started);
  } catch (const Error& error) {
    Attested failed{ExitStatus::kFailed, false, error.what(), {}};
    note(text("{}: destroying it, as it could not be attested", options.domain));
    try {
      guest.destroy();
      failed.destroyed = true;
    } catch (const Error& second) {
      note(second.what());
    }
    return failed;
  }
}

}  // namespace virtsev::cli
