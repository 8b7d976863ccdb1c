// SPDX-License-Identifier: LGPL-2.1-or-later
// All that comes from a guest's owner, read before the host is asked for anything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver/cli/expected/expected_launch.hpp"
#include "driver/cli/expected/launch_options.hpp"
#include "driver/cli/owner/launch_record.hpp"
#include "sevcore/abi/session.hpp"
#include "sevcore/launch/policy.hpp"

namespace virtsev::cli {

struct AttestOptions {
  std::string uri;
  std::string domain;
  std::string expect;    ///< XML, or a digest
  LaunchOptions launch;  ///< The owner's own copies of files, and the policy
  std::string tik;
  std::string tek;  ///< For secrets alone
  std::vector<std::string> secrets;
  std::string session;  ///< A folder with session.json; empty: the TIK's
  bool allow_simulated = false;
  bool allow_unverified = false;
  bool unmeasured_boot = false;  ///< Secrets also for a guest whose kernel the host can choose
  bool again = false;            ///< Also a launch that the record knows as finished
  bool json = false;
};

/// Keys and secrets are wiped at the end.
struct Owner {
  sevcore::Policy policy;
  std::vector<Prediction> predictions;  ///< Any of them will do
  std::optional<ExpectedLaunch> made_from;
  ByteArray<16> tik{};
  ByteArray<16> tek{};
  std::optional<sevcore::SessionBlob> session;  ///< Of the TIK, where it was found; for reasons
  Bytes secret_table;                           ///< Empty: none
  KernelCover kernel = KernelCover::kUnknown;   ///< Looked at for secrets alone
  std::string record;                           ///< The folder of the record of launches

  /// Throws Error naming the option or file at fault; where the secrets have no room in the guest; where they
  /// would go to one whose kernel the host can choose; and where launches can't be recorded.
  explicit Owner(const AttestOptions& options);
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  ~Owner();
};

}  // namespace virtsev::cli
