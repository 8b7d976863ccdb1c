// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev session: makes what an owner gives a platform, dhCert and session, and the keys that the owner
// keeps.
#include "sevcore/owner/session.hpp"

#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "driver/cli/commands.hpp"
#include "driver/cli/files.hpp"
#include "driver/cli/numbers.hpp"
#include "driver/cli/output.hpp"
#include "driver/cli/platform/certificate_files.hpp"
#include "driver/cli/platform/verdict.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

struct Options {
  std::string platform;
  std::string cek;
  std::string policy;
  std::string out;
  bool unverified = false;
  bool json = false;
};

/// The platform's PDH, and how far it can be trusted: a word for session.json.
struct TrustedPdh {
  sevcore::SevCertificate pdh;
  std::string trust;
};

TrustedPdh find_pdh(const Options& options) {
  CertificateSet set = read_certificates({options.platform});
  if (!options.cek.empty()) {
    set.replace_cek(read_certificates({options.cek}), options.cek);
  }
  if (!set.pdh) {
    throw Error(ErrorCode::kInvalidArgument,
                text("{}: holds no PDH certificate; `virtsev platform export` writes what is meant",
                     options.platform));
  }
  if (options.unverified) {
    note(text("the platform is NOT verified: whoever gave you {} can read the guest's memory and secrets",
              options.platform));
    return {*set.pdh, "unverified"};
  }
  if (!set.complete()) {
    throw Error(ErrorCode::kInvalidArgument,
                text("{}: a PDH alone shows nothing of the platform that has its key; give PDH, PEK, OCA and "
                     "CEK in one file, "
                     "as `virtsev platform export` writes them, or take the risk with --unverified",
                     options.platform));
  }
  const ChainVerdict verdict = judge(set.platform());
  if (verdict.kind == ChainVerdict::Kind::kSimulated) {
    note(verdict.explanation);
    return {*set.pdh, "simulated"};
  }
  throw Error(ErrorCode::kOperationFailed, text("{}: {}", options.platform, verdict.explanation));
}

void write(const Options& options, const sevcore::OwnerSession& session, const TrustedPdh& platform,
           sevcore::Policy policy) {
  const auto certificate = sevcore::serialise(session.godh);
  const std::string directory = options.out + "/";
  make_directory(options.out);
  // What stays the owner's first: a run that fails half way leaves no session whose keys are lost.
  write_file(directory + "tek.bin", ByteView(session.keys.tek), Readers::kOwner);
  write_file(directory + "tik.bin", ByteView(session.keys.tik), Readers::kOwner);
  write_file(directory + "godh.cert", ByteView(certificate), Readers::kEverybody);
  write_file(directory + "launch_blob.bin", ByteView(session.blob), Readers::kEverybody);
  write_file(directory + "dh_cert.b64", to_base64(certificate) + "\n", Readers::kEverybody);
  write_file(directory + "session.b64", to_base64(session.blob) + "\n", Readers::kEverybody);
  const nlohmann::ordered_json record = {{"policy", policy.value()}, {"platform", platform.trust}};
  write_file(directory + "session.json", record.dump(2) + "\n", Readers::kEverybody);
}

ExitStatus run(const Options& options) {
  const sevcore::Policy policy = read_policy(options.policy);
  const TrustedPdh platform = find_pdh(options);
  write(options, sevcore::make_session(platform.pdh, policy), platform, policy);
  if (options.json) {
    print(nlohmann::ordered_json{
        {"out", options.out}, {"policy", policy.value()}, {"platform", platform.trust}});
  } else {
    print(
        text("Session for policy {} in {}: dh_cert.b64 goes into <dhCert>, session.b64 into <session>; keep "
             "tek.bin "
             "and tik.bin to yourself.",
             sevcore::describe(policy), options.out));
  }
  return ExitStatus::kDone;
}

}  // namespace

void add_session(CLI::App& program, ExitStatus& status) {
  CLI::App* command = program.add_subcommand(
      "session", text("Make a guest's launch session (dhCert, session) for a platform, and its keys"));
  auto options = std::make_shared<Options>();
  command
      ->add_option("--platform", options->platform,
                   text("PDH, PEK, OCA and CEK in one file, or a PDH alone; binary or base64"))
      ->type_name("FILE")
      ->required();
  command->add_option("--policy", options->policy, text("the guest policy, 0x-prefixed or decimal"))
      ->type_name("P")
      ->required();
  command->add_option("--out", options->out, text("where the session's files go"))
      ->type_name("DIR")
      ->required();
  command->add_option("--cek", options->cek, text("the platform's CEK as AMD signed it"))->type_name("FILE");
  command->add_flag("--unverified", options->unverified, text("do not verify the platform's certificates"));
  command->add_flag("--json", options->json, text("results as JSON"));
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace virtsev::cli
