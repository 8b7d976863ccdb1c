// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev attest: the whole exchange with a host, from a guest that is off to one that runs, or is gone.
#include <memory>
#include <optional>

#include "driver/cli/attest/exchange.hpp"
#include "driver/cli/attest/guest.hpp"
#include "driver/cli/attest/owner.hpp"
#include "driver/cli/attest/trust.hpp"
#include "driver/cli/commands/commands.hpp"
#include "driver/cli/expected/launch_options.hpp"
#include "driver/cli/expected/remarks.hpp"
#include "driver/cli/expected/unmeasured.hpp"
#include "driver/cli/io/command_line.hpp"
#include "driver/cli/io/json.hpp"
#include "driver/cli/io/output.hpp"
#include "driver/cli/owner/keys.hpp"
#include "driver/cli/platform/from_host.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

/// What `virtsev session` recorded beside the TIK, or in --session. Throws Error where it is of another
/// policy.
std::optional<SessionRecord> record_of(const AttestOptions& options, const Owner& owner) {
  const std::string directory = options.session.empty() ? directory_of(options.tik) : options.session;
  const auto record = read_session_record(directory);
  if (!record && !options.session.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                text("--session {}: holds no session.json, which `virtsev session` writes", directory));
  }
  if (record && record->policy != owner.policy) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("--policy: you expect {}, but the session was made for {}, and no platform starts a guest "
             "with another policy",
             sevcore::describe(owner.policy), sevcore::describe(record->policy)));
  }
  return record;
}

ExitStatus tell(const AttestOptions& options, const std::optional<ExpectedLaunch>& made_from,
                const Attested& end) {
  if (options.json) {
    Json value = {{"domain", options.domain},       {"attested", end.status == ExitStatus::kDone},
                  {"destroyed", end.destroyed},     {"simulated", end.status == ExitStatus::kSimulated},
                  {"launch_digest", nullptr},       {"vmsa", nullptr},
                  {"seen_before", end.seen_before}, {"shown_running", end.shown_running},
                  {"unmeasured", nullptr},          {"text", end.sentence}};
    if (made_from) {
      value.set("unmeasured", to_json(unmeasured(*made_from)));
    }
    if (end.status == ExitStatus::kDone) {
      value.set("launch_digest", to_hex(end.prediction.digest));
      if (!end.prediction.vmsa.empty()) {
        value.set("vmsa", end.prediction.vmsa);
      }
    }
    print(value);
  } else if (end.status == ExitStatus::kFailed) {
    note(end.sentence);
  } else {
    print(end.sentence);
  }
  return end.status;
}

ExitStatus run(const AttestOptions& options) {
  Owner owner(options);
  if (owner.made_from) {
    note_remarks(*owner.made_from);
    note_unmeasured(*owner.made_from);
  }
  const Allowed allowed = {options.allow_simulated, options.allow_unverified};
  const auto record = record_of(options, owner);
  const auto refuse = [&](const TrustRefusal& refusal) {
    return tell(options, owner.made_from,
                {refusal.status, false, text("{}: refused: {}", options.domain, refusal.reason), {}});
  };
  if (const auto refusal = record ? refuse_session(*record, allowed) : std::nullopt) {
    return refuse(*refusal);
  }
  AttestedGuest guest(options.uri, options.domain);
  if (const auto refusal = refuse_host(record, certificates_of_host(options.uri), allowed)) {
    return refuse(*refusal);
  }
  if (!record || record->platform != "amd") {
    note(options.allow_simulated
             ? text("--allow-simulated: a SIMULATED platform is taken, too: this shows the exchange, and "
                    "protects nothing")
         : options.allow_unverified
             ? text("--allow-unverified: nobody has verified whose platform this is")
             : text("there is no session.json beside the TIK: that the session was made for this host's "
                    "platform, verified up to AMD's root, is the host's word"));
  }
  const bool started = prepare(guest, options);
  return tell(options, owner.made_from, exchange(guest, owner, options, started));
}

}  // namespace

void add_attest(Command& program, ExitStatus& status) {
  Command command = program.add_subcommand(
      "attest",
      {text("Start a guest, verify its measurement, hand over secrets and let it run; or destroy it"),
       {"virtsev attest sev+ssh://host/system guest --expect guest.xml --policy 0x7 --tik owner/tik.bin "
        "--tek "
        "owner/tek.bin --secret luks-key=disk.key"},
       what_a_digest_does_not_say()});
  auto options = std::make_shared<AttestOptions>();
  command
      .add_option("URI", options->uri, text("the host, sev://HOST/system or qemu://HOST/system for example"))
      .type_name("")
      .required();
  command
      .add_option("DOMAIN", options->domain,
                  text("the guest's name or UUID: shut off, or paused at its start"))
      .type_name("")
      .required();
  command
      .add_option("--expect", options->expect,
                  text("your own copy of the domain's XML, or the digest that `virtsev measure` printed"))
      .type_name("XML|DIGEST")
      .required();
  command.add_option("--policy", options->launch.policy, text("the policy that you gave the session"))
      .type_name("P")
      .required();
  add_copy_options(command, options->launch);
  command.add_option("--tik", options->tik, text("the session's tik.bin")).type_name("FILE").required();
  command.add_option("--tek", options->tek, text("the session's tek.bin; for --secret")).type_name("FILE");
  command
      .add_option("--secret", options->secrets,
                  text("a secret: its GUID (or luks-key), and the file that holds it; can be given again"))
      .type_name("GUID=FILE")
      .expected(1)
      .take_all();
  command
      .add_option("--session", options->session,
                  text("where the session's session.json is, which says what platform it was made for; "
                       "beside the TIK unless given"))
      .type_name("DIR");
  command.add_flag("--allow-simulated", options->allow_simulated,
                   text("take a simulated platform, for a trial"));
  command.add_flag("--allow-unverified", options->allow_unverified,
                   text("take a platform that nobody has verified"));
  command.add_flag(
      "--unmeasured-boot", options->unmeasured_boot,
      text("hand --secret also to a guest whose kernel is not measured, or, with a digest alone, "
           "is not known to be"));
  command.add_flag("--again", options->again,
                   text("take a launch that is recorded as finished, after a run that was cut off"));
  command.add_flag("--json", options->json, text("results as JSON"));
  command.callback([options, &status] { status = run(*options); });
}

}  // namespace virtsev::cli
