// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev verify: holds a launch measurement against what the owner expects.
#include <memory>
#include <optional>

#include "driver/cli/commands/commands.hpp"
#include "driver/cli/expected/expected_launch.hpp"
#include "driver/cli/expected/remarks.hpp"
#include "driver/cli/expected/unmeasured.hpp"
#include "driver/cli/io/command_line.hpp"
#include "driver/cli/io/json.hpp"
#include "driver/cli/io/numbers.hpp"
#include "driver/cli/io/output.hpp"
#include "driver/cli/owner/keys.hpp"
#include "driver/cli/owner/launch_record.hpp"
#include "driver/cli/owner/mismatch.hpp"
#include "sevcore/abi/measurement.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/crypto/crypto.hpp"

namespace virtsev::cli {
namespace {

struct Options {
  LaunchOptions launch;
  std::string measurement;
  std::string tik;
  std::string session;
  std::string api;
  unsigned build = 0;
  std::string launch_digest;
  bool json = false;
};

/// What the owner expects, and the reason why it can't be at all.
struct Expectation {
  sevcore::MeasuredLaunch launch;  ///< But for the digest
  std::vector<Prediction> predictions;
  std::optional<ExpectedLaunch> made_from;
  std::string contradiction;
};

Expectation expect(const Options& options) {
  Expectation expected;
  expected.launch.firmware = read_firmware_version(options.api, options.build);
  if (!options.launch_digest.empty()) {
    if (options.launch.given()) {
      throw Error(
          ErrorCode::kInvalidArgument,
          text(
              "--launch-digest stands for a whole launch: give it, or XML, or options, but not two of them"));
    }
    expected.predictions = {{"", read_digest("--launch-digest", options.launch_digest)}};
    expected.launch.policy = read_policy(options.launch.policy);
    return expected;
  }
  LaunchOptions launch = options.launch;
  if (!launch.xml.empty()) {
    launch.policy.clear();
  }
  expected.made_from = expect_launch(launch);
  note_remarks(*expected.made_from);
  note_unmeasured(*expected.made_from);
  expected.predictions = predictions(*expected.made_from);
  expected.launch.policy = sevcore::policy_of(expected.made_from->guest().protection).value();
  if (read_policy(options.launch.policy) != expected.launch.policy) {
    expected.contradiction = text("the policy: --policy is {}, the XML has {}", options.launch.policy,
                                  sevcore::describe(expected.launch.policy));
  }
  return expected;
}

Fit hold_against(const Options& options, const Expectation& expected,
                 const sevcore::Measurement& measurement) {
  ByteArray<16> tik = read_tik(options.tik);
  const auto session = options.session.empty() ? find_session(options.launch.xml, options.tik)
                                               : std::optional(read_session(options.session));
  Fit fit{false, expected.predictions.front(), {Fault::kPolicy, expected.contradiction}};
  if (expected.contradiction.empty()) {
    fit = hold_against(tik, expected.launch, expected.predictions, measurement,
                       expected.made_from ? &*expected.made_from : nullptr, session);
  }
  sevcore::crypto::wipe(tik);
  return fit;
}

/// What was known of this launch, and that it fits, told to the record beside the TIK. Verifying works
/// without one, too.
std::optional<KnownLaunch> record(const Options& options, const Expectation& expected,
                                  const sevcore::Measurement& measurement) {
  const auto directory = record_directory(options.tik);
  if (!directory) {
    return std::nullopt;
  }
  const KernelCover kernel = !expected.made_from                      ? KernelCover::kUnknown
                             : kernel_is_covered(*expected.made_from) ? KernelCover::kCovered
                                                                      : KernelCover::kNotCovered;
  try {
    return record_launch(*directory, measurement.mnonce, LaunchStep::kVerified, kernel);
  } catch (const Error& error) {
    note(error.what());
    return std::nullopt;
  }
}

void note_what_it_shows(const std::optional<KnownLaunch>& known) {
  if (known) {
    note(describe(*known));
  }
  note(
      text("it shows that such a guest was launched at some time, and not that it is the running one: only a "
           "secret is for this launch and no other"));
}

ExitStatus run(const Options& options) {
  const sevcore::Measurement measurement = read_measurement(options.measurement);
  const Expectation expected = expect(options);
  const Fit fit = hold_against(options, expected, measurement);
  const auto known = fit.fits ? record(options, expected, measurement) : std::nullopt;
  if (options.json) {
    Json value = {{"fits", fit.fits},
                  {"launch_digest", to_hex(fit.prediction.digest)},
                  {"policy", expected.launch.policy.value()},
                  {"vmsa", nullptr},
                  {"seen_before", known.has_value()},
                  {"unmeasured", nullptr},
                  {"fault", nullptr},
                  {"reason", nullptr}};
    if (!fit.prediction.vmsa.empty()) {
      value.set("vmsa", fit.prediction.vmsa);
    }
    if (expected.made_from) {
      value.set("unmeasured", to_json(unmeasured(*expected.made_from)));
    }
    if (!fit.fits) {
      value.set("fault", word(fit.diagnosis.fault));
      value.set("reason", fit.diagnosis.reason);
    }
    print(value);
  } else if (fit.fits) {
    print(text("The measurement fits: launch digest {}, policy {}.", to_hex(fit.prediction.digest),
               sevcore::describe(expected.launch.policy)));
    if (expected.predictions.size() > 1) {
      note(text("the vCPUs' initial state is as --vmsa {} says", fit.prediction.vmsa));
    }
  } else {
    print(text("The measurement does NOT fit: {}", fit.diagnosis.reason));
  }
  if (fit.fits) {
    note_what_it_shows(known);
  }
  return fit.fits ? ExitStatus::kDone : ExitStatus::kNo;
}

}  // namespace

void add_verify(Command& program, ExitStatus& status) {
  Command command = program.add_subcommand(
      "verify",
      {text("Hold a launch measurement against the launch that you expect (0 it fits, 1 it does not)"),
       {"virtsev verify --measurement BASE64 --tik owner/tik.bin --policy 0x7 --api 1.55 --build 24 "
        "guest.xml",
        "virtsev verify --measurement BASE64 --tik owner/tik.bin --policy 0x7 --api 1.55 --build 24 "
        "--launch-digest HEX"},
       what_a_digest_does_not_say()});
  auto options = std::make_shared<Options>();
  command
      .add_option("--measurement", options->measurement, text("sev-measurement of `virsh domlaunchsecinfo`"))
      .type_name("BASE64")
      .required();
  command
      .add_option("--tik", options->tik,
                  text("the key tik.bin, which `virtsev session` wrote; or sev-tool's tmp_tk.bin"))
      .type_name("FILE")
      .required();
  command
      .add_option("--session", options->session,
                  text("the session that was made with the TIK, which tells a wrong TIK from a wrong digest; "
                       "found in the XML, or beside the TIK"))
      .type_name("FILE");
  command.add_option("--policy", options->launch.policy, text("the policy that you gave the session"))
      .type_name("P")
      .required();
  command.add_option("--api", options->api, text("the firmware's API version"))
      .type_name("MAJOR.MINOR")
      .required();
  command.add_option("--build", options->build, text("the firmware's build")).type_name("B").required();
  command.add_option("--launch-digest", options->launch_digest, text("what `virtsev measure` printed"))
      .type_name("HEX");
  add_launch_options(command, options->launch);
  command.add_flag("--json", options->json, text("results as JSON"));
  command.callback([options, &status] { status = run(*options); });
}

}  // namespace virtsev::cli
