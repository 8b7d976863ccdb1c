// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev platform: a platform's certificates, fetched, shown, verified.
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "driver/cli/commands.hpp"
#include "driver/cli/files.hpp"
#include "driver/cli/output.hpp"
#include "driver/cli/platform/certificate_files.hpp"
#include "driver/cli/platform/from_host.hpp"
#include "driver/cli/platform/show.hpp"
#include "driver/cli/platform/verdict.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

struct Options {
  std::string uri = "sev:///system";
  std::string out;
  std::string cek;
  std::vector<std::string> files;
  bool json = false;
};

CertificateSet read(const Options& options) {
  CertificateSet set = read_certificates(options.files);
  if (!options.cek.empty()) {
    set.replace_cek(read_certificates({options.cek}), options.cek);
  }
  return set;
}

ExitStatus run_export(const Options& options) {
  const CertificateSet set = certificates_of_host(options.uri);
  const sevcore::PlatformCertificates platform = set.platform();
  Bytes file;
  const auto pdh = sevcore::serialise(platform.pdh);
  const Bytes chain = sevcore::serialise_chain(platform);
  file.insert(file.end(), pdh.begin(), pdh.end());
  file.insert(file.end(), chain.begin(), chain.end());
  write_file(options.out, file, Readers::kEverybody);
  const ChainVerdict verdict = judge(platform);
  if (options.json) {
    print(nlohmann::ordered_json{{"out", options.out}, {"bytes", file.size()}, {"verdict", verdict.word()}});
  } else {
    print(text("PDH, PEK, OCA and CEK of {} in {}.", options.uri, options.out));
  }
  if (verdict.kind == ChainVerdict::Kind::kSimulated) {
    note(verdict.explanation);
  }
  return ExitStatus::kDone;
}

ExitStatus run_show(const Options& options) {
  const CertificateSet set = read(options);
  if (options.json) {
    print(to_json(set));
  } else {
    show(set);
  }
  return ExitStatus::kDone;
}

ExitStatus run_verify(const Options& options) {
  const ChainVerdict verdict = judge(read(options).platform());
  if (options.json) {
    print(nlohmann::ordered_json{{"verdict", verdict.word()}, {"explanation", verdict.explanation}});
  } else {
    print(text("{}.", verdict.explanation));
  }
  return verdict.status();
}

void add_files(CLI::App& command, Options& options) {
  command
      .add_option(
          "FILE", options.files,
          text("certificates, one or many in a file, binary or base64, of virtsev, sevctl or sev-tool"))
      ->type_name("")
      ->required();
  command.add_option("--cek", options.cek, text("the CEK as AMD signed it, with ASK and ARK"))
      ->type_name("FILE");
}

}  // namespace

void add_platform(CLI::App& program, ExitStatus& status) {
  CLI::App* group =
      program.add_subcommand("platform", text("A platform's certificates: export, show, verify"));
  group->require_subcommand(1);
  auto options = std::make_shared<Options>();

  CLI::App* from_host =
      group->add_subcommand("export", text("Fetch PDH, PEK, OCA and CEK from a host, into one file"));
  from_host->add_option("--uri", options->uri, text("the host's libvirt URI (sev:///system)"))
      ->type_name("URI");
  from_host->add_option("--out", options->out, text("where they go"))->type_name("FILE")->required();
  from_host->callback([options, &status] { status = run_export(*options); });

  CLI::App* shown =
      group->add_subcommand("show", text("Show certificates: what they are, their keys, who signed them"));
  add_files(*shown, *options);
  shown->callback([options, &status] { status = run_show(*options); });

  CLI::App* verified = group->add_subcommand(
      "verify", text("Verify the chain (0 up to AMD's root, 3 up to a simulated one, 1 it does not hold)"));
  add_files(*verified, *options);
  verified->callback([options, &status] { status = run_verify(*options); });

  for (CLI::App* command : {from_host, shown, verified}) {
    command->add_flag("--json", options->json, text("results as JSON"));
  }
}

}  // namespace virtsev::cli
