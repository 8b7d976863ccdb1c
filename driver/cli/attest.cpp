// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev attest: the whole exchange with a host, from a guest that is off to one that runs, or is gone.
#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "driver/cli/attest/guest.hpp"
#include "driver/cli/commands.hpp"
#include "driver/cli/files.hpp"
#include "driver/cli/launch/expected_launch.hpp"
#include "driver/cli/numbers.hpp"
#include "driver/cli/output.hpp"
#include "driver/cli/owner/mismatch.hpp"
#include "driver/cli/owner/secret_entry.hpp"
#include "driver/cli/platform/from_host.hpp"
#include "driver/cli/platform/verdict.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

struct Options {
  std::string uri;
  std::string domain;
  std::string expect;
  std::string policy;
  std::string vmsa;
  std::string tik;
  std::string tek;
  std::vector<std::string> secrets;
  bool allow_simulated = false;
  bool json = false;
};

/// All that comes from the owner, read before the host is asked for anything.
struct Owner {
  sevcore::MeasuredLaunch launch;
  std::optional<ExpectedLaunch> made_from;
  ByteArray<16> tik{};
  ByteArray<16> tek{};
  Bytes secret_table;  ///< Empty: none

  Owner() = default;
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  ~Owner() {
    sevcore::crypto::wipe(tik);
    sevcore::crypto::wipe(tek);
    sevcore::crypto::wipe(secret_table);
  }
};

bool is_digest(const std::string& text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

void read_owner(Owner& owner, const Options& options) {
  owner.launch.policy = read_policy(options.policy);
  if (is_digest(options.expect)) {
    owner.launch.digest = read_digest(options.expect);
  } else {
    LaunchOptions launch;
    launch.xml = options.expect;
    launch.policy = options.policy;
    launch.vmsa = options.vmsa;
    owner.made_from = expect_launch(launch);
    owner.launch.digest = sevcore::launch_digest(owner.made_from->plan);
  }
  owner.tik = read_exactly<16>(options.tik);
  owner.tek = read_exactly<16>(options.tek);
  std::vector<sevcore::SecretEntry> entries;
  for (const std::string& argument : options.secrets) {
    entries.push_back(read_secret_entry("--secret", argument));
  }
  if (!entries.empty()) {
    owner.secret_table = sevcore::build_secret_table(entries);
  }
}

bool chain_is_simulated(const std::string& uri) {
  const CertificateSet set = certificates_of_host(uri);
  return set.complete() && judge(set.platform()).kind == ChainVerdict::Kind::kSimulated;
}

/// The reason against this guest; empty where the measurement is that of what its owner expects.
std::string reason_against(Owner& owner, const LaunchReport& report) {
  if (report.policy != owner.launch.policy) {
    return text("the host says policy {}, you expect {}", sevcore::describe(report.policy),
                sevcore::describe(owner.launch.policy));
  }
  // The version is in the measurement, under the TIK: a host that names a wrong one does not fit.
  owner.launch.firmware = report.firmware;
  if (sevcore::verify_measurement(owner.tik, owner.launch, report.measurement).matches) {
    return "";
  }
  return explain_mismatch(owner.tik, owner.launch, report.measurement,
                          owner.made_from ? &*owner.made_from : nullptr);
}

ExitStatus finish(const Options& options, ExitStatus status, const std::string& sentence) {
  if (options.json) {
    print(nlohmann::ordered_json{{"domain", options.domain},
                                 {"attested", status == ExitStatus::kDone},
                                 {"simulated", status == ExitStatus::kSimulated},
                                 {"text", sentence}});
  } else {
    print(sentence);
  }
  return status;
}

ExitStatus refuse_simulated(const Options& options) {
  return finish(options, ExitStatus::kSimulated,
                text("{}: refused: {} is a SIMULATED platform, whose host can read everything in the guest; "
                     "--allow-simulated takes it for a trial",
                     options.domain, options.uri));
}

void prepare(Guest& guest, const Options& options) {
  switch (guest.state()) {
    case GuestState::kOff:
      note(text("{}: starting it, paused", options.domain));
      guest.start_paused();
      return;
    case GuestState::kPaused:
      note(text("{}: it is paused", options.domain));
      return;
    case GuestState::kOther:
      throw Error(
          ErrorCode::kOperationInvalid,
          text("{}: it runs already, so its launch is over: shut it down first, then attest its start",
               options.domain));
  }
}

/// From here on a guest that is not accepted does not stay.
ExitStatus exchange(Guest& guest, Owner& owner, const Options& options) {
  const LaunchReport report = guest.launch();
  if (report.simulated && !options.allow_simulated) {
    guest.destroy();
    return refuse_simulated(options);
  }
  if (const std::string reason = reason_against(owner, report); !reason.empty()) {
    guest.destroy();
    return finish(options, ExitStatus::kNo,
                  text("{}: destroyed, as its measurement does NOT fit: {}", options.domain, reason));
  }
  note(text("{}: the measurement fits", options.domain));
  if (!owner.secret_table.empty()) {
    guest.inject(sevcore::pack_secret(sevcore::TransportKeys(owner.tek, owner.tik), report.measurement,
                                      owner.secret_table));
    note(text("{}: the secret is in", options.domain));
  }
  guest.resume();
  return finish(options, ExitStatus::kDone,
                text("{}: attested and running: launch digest {}, policy {}", options.domain,
                     to_hex(owner.launch.digest), sevcore::describe(owner.launch.policy)));
}

ExitStatus run(const Options& options) {
  Owner owner;
  read_owner(owner, options);
  Guest guest(options.uri, options.domain);
  if (chain_is_simulated(options.uri)) {
    if (!options.allow_simulated) {
      return refuse_simulated(options);
    }
    note(text("the platform is SIMULATED: this shows the exchange, and protects nothing"));
  }
  prepare(guest, options);
  try {
    return exchange(guest, owner, options);
  } catch (const Error&) {
    note(text("{}: destroying it, as it could not be attested", options.domain));
    try {
      guest.destroy();
    } catch (const Error& error) {
      note(error.what());
    }
    throw;
  }
}

}  // namespace

void add_attest(CLI::App& program, ExitStatus& status) {
  CLI::App* command = program.add_subcommand(
      "attest",
      text("Start a guest, verify its measurement, hand over secrets and let it run; or destroy it"));
  auto options = std::make_shared<Options>();
  command->add_option("URI", options->uri, text("the host, sev://HOST/system for example"))
      ->type_name("")
      ->required();
  command
      ->add_option("DOMAIN", options->domain,
                   text("the guest's name or UUID: shut off, or paused at its start"))
      ->type_name("")
      ->required();
  command
      ->add_option("--expect", options->expect,
                   text("your own copy of the domain's XML, or the digest that `virtsev measure` printed"))
      ->type_name("XML|DIGEST")
      ->required();
  command->add_option("--policy", options->policy, text("the policy that you gave the session"))
      ->type_name("P")
      ->required();
  command->add_option("--vmsa", options->vmsa, text("as for measure: init2 or legacy; for --expect XML"))
      ->type_name("HOW")
      ->check(CLI::IsMember({"init2", "legacy"}));
  command->add_option("--tik", options->tik, text("the session's tik.bin"))->type_name("FILE")->required();
  command->add_option("--tek", options->tek, text("the session's tek.bin"))->type_name("FILE")->required();
  command
      ->add_option("--secret", options->secrets,
                   text("a secret: its GUID (or luks-key), and the file that holds it; can be given again"))
      ->type_name("GUID=FILE")
      ->expected(1)
      ->take_all();
  command->add_flag("--allow-simulated", options->allow_simulated,
                    text("take a simulated platform, for a trial"));
  command->add_flag("--json", options->json, text("results as JSON"));
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace virtsev::cli
