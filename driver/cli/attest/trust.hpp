// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a session may be used with a host at all. It rests on what the owner's own command recorded when it
// made the session; a host can say what it likes of itself.
#pragma once

#include <optional>
#include <string>

#include "driver/cli/io/exit_status.hpp"
#include "driver/cli/owner/session_record.hpp"
#include "driver/cli/platform/certificate_files.hpp"

namespace virtsev::cli {

/// What the owner takes nevertheless.
struct Allowed {
  bool simulated = false;
  bool unverified = false;
};

/// kSimulated, or kNo, and why.
struct TrustRefusal {
  ExitStatus status = ExitStatus::kNo;
  std::string reason;  ///< Without a full stop
};

/// Before the host is asked for anything: what the session was made for.
std::optional<TrustRefusal> refuse_session(const SessionRecord& record, Allowed allowed);

/// Before anything starts: the host's certificates. With a record they have to hold the PDH that the session
/// was made for; without one, the keys being another tool's, they have to hold up to AMD's root.
std::optional<TrustRefusal> refuse_host(const std::optional<SessionRecord>& record,
                                        const CertificateSet& host, Allowed allowed);

}  // namespace virtsev::cli
