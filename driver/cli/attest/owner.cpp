// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/attest/owner.hpp"

#include <algorithm>
#include <cctype>

#include "driver/cli/numbers.hpp"
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

Bytes secret_table_of(const std::vector<std::string>& arguments) {
  std::vector<sevcore::SecretEntry> entries;
  Bytes table;
  for (const std::string& argument : arguments) {
    entries.push_back(read_secret_entry("--secret", argument));
  }
  if (!entries.empty()) {
    table = sevcore::build_secret_table(entries);
  }
  for (sevcore::SecretEntry& entry : entries) {
    sevcore::crypto::wipe(entry.data);
  }
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
    predictions = {{"", read_digest(options.expect)}};
  } else {
    LaunchOptions launch = options.launch;
    launch.xml = options.expect;
    made_from = expect_launch(launch);
    predictions = cli::predictions(*made_from);
  }
  tik = read_tik(options.tik);
  if (!options.tek.empty()) {
    tek = read_tek(options.tek);
  }
  session = find_session(made_from ? options.expect : "", options.tik);
  secret_table = secret_table_of(options.secrets);
  if (made_from) {
    check_room(made_from->plan, secret_table.size());
  }
}

Owner::~Owner() {
  sevcore::crypto::wipe(tik);
  sevcore::crypto::wipe(tek);
  sevcore::crypto::wipe(secret_table);
}

}  // namespace virtsev::cli
