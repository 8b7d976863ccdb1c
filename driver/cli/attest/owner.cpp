// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/attest/owner.hpp"

#include <algorithm>
#include <cctype>

#include "driver/cli/expected/unmeasured.hpp"
#include "driver/cli/io/numbers.hpp"
#include "driver/cli/owner/keys.hpp"
#include "driver/cli/owner/secret_entry.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "sevcore/owner/secret_table.hpp"

namespace virtsev::cli {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::kInvalidArgument, message); }

bool is_digest(const std::string& text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

Bytes secret_table_of(const std::vector<std::string>& arguments, const ByteArray<16>& tik,
                      const ByteArray<16>& tek) {
  if (arguments.empty()) {
    return {};
  }
  std::vector<sevcore::SecretEntry> entries = read_secret_entries("--secret", arguments);
  check_not_a_key(entries, tik, tek);
  Bytes table = sevcore::build_secret_table(entries);
  wipe(entries);
  return table;
}

/// Refused now, and not by the firmware when the guest has been started for it.
void check_room(const sevcore::LaunchPlan& plan, std::size_t bytes) {
  if (bytes == 0) {
    return;
  }
  if (plan.secret.size == 0) {
    refuse(text("--secret: this guest has no place for a launch secret (its firmware is not built for one)"));
  }
  if (bytes > plan.secret.size) {
    refuse(text("--secret: the secrets take {} bytes with their table, and the guest has room for {}", bytes,
                plan.secret.size));
  }
}

KernelCover cover_of(const std::optional<ExpectedLaunch>& launch) {
  return !launch                      ? KernelCover::kUnknown
         : kernel_is_covered(*launch) ? KernelCover::kCovered
                                      : KernelCover::kNotCovered;
}

/// A secret in a guest whose kernel the host has chosen is the host's.
void check_kernel(KernelCover kernel, const AttestOptions& options) {
  if (options.unmeasured_boot || kernel == KernelCover::kCovered) {
    return;
  }
  if (kernel == KernelCover::kUnknown) {
    refuse(text(
        "--secret: a digest alone does not say whether it covers the guest's kernel: give your copy of the "
        "XML with --expect, or say with --unmeasured-boot that you know"));
  }
  refuse(text(
      "--secret: {} does not measure the guest's kernel: its firmware boots what lies on a disk that the "
      "host can exchange, and so could be handed the secret by it. Give the guest a kernel with "
      "kernelHashes='yes' and the AmdSev build of OVMF, or boot it directly; --unmeasured-boot takes the "
      "risk",
      options.expect));
}

std::string record_of(const AttestOptions& options) {
  const auto directory =
      options.session.empty() ? record_directory(options.tik) : std::optional(options.session);
  if (!directory) {
    refuse(
        text("--tik {}: `attest` keeps a record of launches beside the TIK, and this has no folder; name the "
             "session's with --session",
             options.tik));
  }
  check_record(*directory);
  return *directory;
}

}  // namespace

Owner::Owner(const AttestOptions& options) : policy(read_policy(options.launch.policy)) {
  if (!options.secrets.empty() && options.tek.empty()) {
    refuse(text("--secret needs --tek: secrets are encrypted with it"));
  }
  if (is_digest(options.expect)) {
    LaunchOptions beside = options.launch;
    beside.policy.clear();
    if (beside.given()) {
      refuse(
          text("--expect with a digest stands for a whole launch: options that describe one go with --expect "
               "XML"));
    }
    predictions = {{"", read_digest("--expect", options.expect)}};
  } else {
    LaunchOptions launch = options.launch;
    launch.xml = options.expect;
    made_from = expect_launch(launch);
    predictions = cli::predictions(*made_from);
  }
  tik = read_tik(options.tik);
  if (!options.tek.empty()) {
    tek = read_tek(options.tek);
    check_keys(tik, tek);
  }
  session = find_session(made_from ? options.expect : "", options.tik);
  secret_table = secret_table_of(options.secrets, tik, tek);
  if (made_from) {
    check_room(made_from->plan, secret_table.size());
  }
  if (!secret_table.empty()) {
    kernel = cover_of(made_from);
    check_kernel(kernel, options);
  }
  record = record_of(options);
}

Owner::~Owner() {
  sevcore::crypto::wipe(tik);
  sevcore::crypto::wipe(tek);
  sevcore::crypto::wipe(secret_table);
}

}  // namespace virtsev::cli
