// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev attest: the whole exchange with a host, from a guest that is off to one that runs, or is gone.
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "driver/cli/attest/exchange.hpp"
#include "driver/cli/attest/guest.hpp"
#include "driver/cli/attest/owner.hpp"
#include "driver/cli/commands.hpp"
#include "driver/cli/launch/launch_options.hpp"
#include "driver/cli/launch/remarks.hpp"
#include "driver/cli/output.hpp"
#include "driver/cli/platform/from_host.hpp"
#include "driver/cli/platform/verdict.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

bool chain_is_simulated(const std::string& uri) {
  const CertificateSet set = certificates_of_host(uri);
  return set.complete() && judge(set).kind == ChainVerdict::Kind::kSimulated;
}

ExitStatus tell(const AttestOptions& options, const Attested& end) {
  if (options.json) {
    nlohmann::ordered_json value = {
        {"domain", options.domain},   {"attested", end.status == ExitStatus::kDone},
        {"destroyed", end.destroyed}, {"simulated", end.status == ExitStatus::kSimulated},
        {"launch_digest", nullptr},   {"vmsa", nullptr},
        {"text", end.sentence}};
    if (end.status == ExitStatus::kDone) {
      value["launch_digest"] = to_hex(end.prediction.digest);
      if (!end.prediction.vmsa.empty()) {
        value["vmsa"] = end.prediction.vmsa;
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
  }
  Guest guest(options.uri, options.domain);
  if (chain_is_simulated(options.uri)) {
    if (!options.allow_simulated) {
      return tell(options, refuse_simulated(options, false));
    }
    note(text("the platform is SIMULATED: this shows the exchange, and protects nothing"));
  }
  prepare(guest, options);
  return tell(options, exchange(guest, owner, options));
}

}  // namespace

void add_attest(CLI::App& program, ExitStatus& status) {
  CLI::App* command = program.add_subcommand(
      "attest",
      text("Start a guest, verify its measurement, hand over secrets and let it run; or destroy it"));
  auto options = std::make_shared<AttestOptions>();
  command
      ->add_option("URI", options->uri, text("the host, sev://HOST/system or qemu://HOST/system for example"))
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
  command->add_option("--policy", options->launch.policy, text("the policy that you gave the session"))
      ->type_name("P")
      ->required();
  add_copy_options(*command, options->launch);
  command->add_option("--tik", options->tik, text("the session's tik.bin"))->type_name("FILE")->required();
  command->add_option("--tek", options->tek, text("the session's tek.bin; for --secret"))->type_name("FILE");
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
